"""What a model prepares of raw texts, images, sounds and series, against the numbers of a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tensors import ANSWERED, Line, difference

from edgeattn_runtime import InputError, Model, Sound

_SURROGATES = "utf-16-le", "surrogatepass"


def prepare(model: Model, entry: dict[str, Any], folder: Path) -> Line:
    """Return how far the inputs made of an entry's raw samples are from those of its file."""
    difference_of = _DIFFERENCES[entry["of"]]
    tolerance = entry.get("tolerance", 0.0)
    samples, expected = (
        json.loads((folder / entry[key]).read_text("ascii")) for key in ("given", "expected")
    )
    mismatches, farthest = [], 0.0
    for i, (raw, reference) in enumerate(zip(samples, expected, strict=True)):
        try:
            difference = difference_of(model, _located(raw, folder), reference)
        except InputError:
            difference = 0.0 if reference is None else np.inf
        if difference > tolerance:
            mismatches.append(i)
        farthest = max(farthest, difference)
    outcome = ANSWERED
    if mismatches:
        outcome = f"{len(mismatches)} of {len(samples)} unlike, the first at {mismatches[0]}"
    return {"found": outcome, "max_abs": farthest if np.isfinite(farthest) else None}


def _text_difference(model: Model, raw: Any, token_ids: Any) -> float:
    """Return how far the ids, and their mask, are from those expected; infinity for other sizes."""
    text = model.manifest.processing.text  # type: ignore[union-attr]
    inputs = model.prepare(text=[_text(each) for each in raw] if isinstance(raw, list) else _text(raw))
    if token_ids is None:
        return np.inf
    rows = token_ids if isinstance(raw, list) else [token_ids]
    ids = np.zeros((len(rows), max(map(len, rows))), np.int64)
    mask = np.zeros_like(ids)
    for i, row in enumerate(rows):
        ids[i, : len(row)], mask[i, : len(row)] = row, 1
    expected = {text.ids: ids} | ({} if text.mask is None else {text.mask: mask})
    return max(difference(inputs[name], array) for name, array in expected.items())


def _pair_difference(model: Model, raw: Any, tokens: Any) -> float:
    """Return how far the ids, types and mask of pairs, or texts with a prompt, are from those expected."""
    text = model.manifest.processing.text  # type: ignore[union-attr]
    rows = raw if isinstance(raw, list) else [raw]
    given = {key: [row[key] for row in rows] for key in ("text", "pair") if not rows or key in rows[0]}
    inputs = model.prepare(**given, prompt=rows[0].get("prompt") if rows else None)
    if tokens is None:
        return np.inf
    wanted = tokens if isinstance(raw, list) else [tokens]
    ids, mask, types = np.zeros((3, len(wanted), max(len(row["ids"]) for row in wanted)), np.int64)
    for i, row in enumerate(wanted):
        size = len(row["ids"])
        ids[i, :size], mask[i, :size], types[i, :size] = row["ids"], 1, row["types"]
    expected = {text.ids: ids, text.mask: mask, text.types: types}
    return max(difference(inputs[name], array) for name, array in expected.items())


def _image_difference(model: Model, raw: Any, numbers: Any) -> float:
    image = model.manifest.processing.image  # type: ignore[union-attr]
    inputs = model.prepare(image=[_levels(each) for each in raw] if isinstance(raw, list) else _levels(raw))
    return _numbers(inputs[image.input], numbers)


def _audio_difference(model: Model, raw: Any, numbers: Any) -> float:
    sounds = [_sound(each) for each in raw] if isinstance(raw, list) else _sound(raw)
    return _numbers(*model.prepare(audio=sounds).values(), numbers)


def _series_difference(model: Model, raw: Any, numbers: Any) -> float:
    series = [_values(each) for each in raw] if isinstance(raw, list) else _values(raw)
    return _numbers(*model.prepare(series=series).values(), numbers)


_DIFFERENCES = {
    "text": _text_difference,
    "pair": _pair_difference,
    "image": _image_difference,
    "audio": _audio_difference,
    "series": _series_difference,
}


def _numbers(array: NDArray[Any], numbers: Any) -> float:
    """Return how far an input is from its numbers in C order; infinity where it was to be refused."""
    return np.inf if numbers is None else difference(array.ravel(), np.array(numbers, np.float32))


def _text(raw: Any) -> str:
    if isinstance(raw, str):
        return raw
    return b"".join(unit.to_bytes(2, "little") for unit in raw["utf16"]).decode(*_SURROGATES)


def _located(raw: Any, folder: Path) -> Any:
    """Return the path of a raw input that is a file, and any other as it is."""
    return folder / raw["file"] if isinstance(raw, dict) and "file" in raw else raw


def _levels(raw: Any) -> NDArray[np.uint8] | Path:
    if isinstance(raw, Path):
        return raw
    return np.frombuffer(bytes.fromhex(raw["pixels"]), np.uint8).reshape(raw["dims"])


def _sound(raw: Any) -> Sound | Path:
    if isinstance(raw, Path):
        return raw
    try:
        samples = np.array(raw["channels"], np.float32)
    except ValueError as error:
        raise InputError(f"channels of several lengths are no array of numpy's ({error})") from error
    return Sound(raw["rate"], samples)


def _values(raw: Any) -> NDArray[np.float64] | Path:
    if isinstance(raw, Path):
        return raw
    return np.array(raw["values"], np.float64)  # None is a NaN
