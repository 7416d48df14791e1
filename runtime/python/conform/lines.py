"""Runs every case of a conformance folder, and prints a line of JSON for each answer.

python runtime/python/conform.py runtime/conformance
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime import (
    BundleError,
    EdgeAttnError,
    GenerationSession,
    IncompatibleRuntimeError,
    InputError,
    Model,
    Sound,
    StepStream,
    Stream,
    generate,
    generate_many,
    load,
)
from edgeattn_runtime.decoding.text import decoded
from edgeattn_runtime.golden import check
from edgeattn_runtime.similarity import cosine

Line = dict[str, Any]
Arrays = dict[str, NDArray[Any]]

ANSWERED = "answered"
_SCORES = 1e-4  # how near those of sequences are
_SURROGATES = "utf-16-le", "surrogatepass"


def lines(case: dict[str, Any], folder: Path) -> Iterator[Line]:
    """Yield a line for each thing that a case asks of its bundle.

    Args:
        case: One of cases.json.
        folder: Where its bundle and its files lie.
    """
    opened = partial(load, folder / case["bundle"], trusted_keys=case.get("trusted_keys"))
    yield _line(case, "open", case["verdict"], lambda: _verdict(opened))
    for i, call in enumerate(case["calls"]):
        yield _line(case, f"call {i}", *_expected(call), lambda call=call: _call(opened(), call))
    for i, run in enumerate(case["generate"]):
        yield _line(case, f"generate {i}", *_expected(run), lambda run=run: _generate(opened(), run))
    for i, entry in enumerate(case.get("prepare", ())):
        yield _line(case, f"prepare {i}", ANSWERED, lambda entry=entry: _prepare(opened(), entry, folder))
    for i, read in enumerate(case.get("labels", ())):
        yield _line(case, f"labels {i}", *_expected(read), lambda read=read: _labels(opened(), read))
    for kind, answer in _ENTRIES.items():
        for i, entry in enumerate(case.get(kind, ())):
            what, run = f"{kind} {i}", partial(answer, entry=entry)
            yield _line(case, what, *_expected(entry), lambda run=run: run(opened()))


def _line(case: dict[str, Any], what: str, expected: str, answer: Callable[[], Line]) -> Line:
    """Return what was expected and what was found; ``answer`` gives what it found, and more."""
    start = time.perf_counter()
    try:
        found = answer()
    except EdgeAttnError as error:
        found = {"found": type(error).__name__}
    except Exception as error:  # a reader never fails otherwise
        found = {"found": f"{type(error).__name__}: {error}"}
    seconds = time.perf_counter() - start
    line = {
        "bundle": case["bundle"],
        "what": what,
        "agrees": found["found"] == expected,
        "expected": expected,
    }
    return {**line, "max_abs": None, "cosine": None, **found, "seconds": round(seconds, 6)}


def _expected(entry: dict[str, Any]) -> tuple[str]:
    return (entry.get("error") or ANSWERED,)


def _verdict(opened: Callable[[], Model]) -> Line:
    try:
        model = opened()
        for name in model.manifest.graphs:
            model.graph(name)
        results = check(model)
    except BundleError:
        return {"found": "refused"}
    except IncompatibleRuntimeError:
        return {"found": "incompatible"}
    least = min(result.cosine for result in results)
    return {"found": "accepted" if all(r.ok for r in results) else "golden-fails", "cosine": least}


def _call(model: Model, call: dict[str, Any]) -> Line:
    outputs = model.graph(call.get("graph", model.manifest.main_graph))(**_arrays(call["inputs"]))
    return _compared(outputs, _arrays(call.get("outputs", {})), call.get("tolerance", {}))


def _compared(outputs: Arrays, expected: Arrays, tolerance: dict[str, float]) -> Line:
    """Return how near outputs came; ``tolerance`` says how near they must, by "cosine" or "max_abs"."""
    if {name: (a.dtype, a.shape) for name, a in outputs.items()} != {
        name: (a.dtype, a.shape) for name, a in expected.items()
    }:
        return {"found": "outputs of other names, dtypes or shapes"}
    least = min(cosine(array, expected[name]) for name, array in outputs.items())
    farthest = max(_difference(array, expected[name]) for name, array in outputs.items())
    near = least >= tolerance.get("cosine", -1) and farthest <= tolerance.get("max_abs", np.inf)
    return {
        "found": ANSWERED if near else "outputs beyond the tolerance",
        "cosine": least,
        "max_abs": farthest,
    }


def _forecast(model: Model, entry: dict[str, Any]) -> Line:
    forecast = model.forecast(_arrays(entry["outputs"]))
    same = "forecast" in entry and np.array_equal(forecast, _array(entry["forecast"]))
    return {"found": ANSWERED if same else "another forecast"}


def _run_many(model: Model, entry: dict[str, Any]) -> Line:
    answers = model.run_many([_arrays(sample) for sample in entry["samples"]])
    expected = [_arrays(outputs) for outputs in entry.get("outputs", ())]
    return _worst(answers, expected, entry.get("tolerance", {}))


def _stream(model: Model, entry: dict[str, Any]) -> Line:
    """Push what comes; null stands for the moments of a push that is refused."""
    return _moments(Stream(model, hop=entry["hop"], window=entry["window"]), entry)


def _steps(model: Model, entry: dict[str, Any]) -> Line:
    return _moments(StepStream(model), entry)


def _moments(stream: Stream | StepStream, entry: dict[str, Any]) -> Line:
    answers: list[Arrays] = []
    expected: list[Arrays] = []
    for values, moments in zip(entry["pushes"], entry.get("moments", ()), strict=True):
        if values == "reset":
            stream.reset()
            continue
        try:
            found = stream.push(_array(values) if isinstance(values, dict) else np.array(values, np.float64))
        except InputError:
            if moments is not None:
                return {"found": "a push refused"}
            continue
        if moments is None or [end for end, _ in found] != [moment["end"] for moment in moments]:
            return {"found": f"moments at {[end for end, _ in found]}"}
        answers += [outputs for _, outputs in found]
        expected += [_arrays(moment["outputs"]) for moment in moments]
    return _worst(answers, expected, entry.get("tolerance", {}))


def _worst(answers: Sequence[Arrays], expected: Sequence[Arrays], tolerance: dict[str, float]) -> Line:
    """Return the first that is not as expected, else the farthest."""
    if len(answers) != len(expected):
        return {"found": f"{len(answers)} answers"}
    lines = [_compared(*pair, tolerance) for pair in zip(answers, expected, strict=True)]
    wrong = [line for line in lines if line["found"] != ANSWERED]
    return wrong[0] if wrong else max(lines, key=lambda line: line["max_abs"], default={"found": ANSWERED})


def _generate_many(model: Model, entry: dict[str, Any]) -> Line:
    prompts = entry["prompts"] if "prompts" in entry else _arrays(entry["sources"])
    found = generate_many(model, prompts, start=entry.get("start"), **entry["settings"])
    sequences = [[[list(each.tokens), each.score] for each in row] for row in found]
    expected = entry.get("sequences", [])
    same = [[tokens for tokens, _ in row] for row in sequences] == [[t for t, _ in row] for row in expected]
    scores = [[score for row in rows for _, score in row] for rows in (sequences, expected)]
    farthest = float(np.abs(np.subtract(*scores)).max(initial=0)) if same else np.inf
    return {"found": ANSWERED if farthest <= _SCORES else f"sequences {sequences}"}


def _session(model: Model, entry: dict[str, Any]) -> Line:
    session = GenerationSession(model)
    for i, turn in enumerate(entry["turns"]):
        found: list[int] | None = None
        try:
            most = turn["max_new_tokens"]
            found = list(generate(model, turn["prompt"], max_new_tokens=most, session=session))
        except InputError:
            pass
        if found != turn.get("tokens"):
            return {"found": f"turn {i}: tokens {found}"}
    return {"found": ANSWERED}


def _decode(model: Model, entry: dict[str, Any]) -> Line:
    text = model.decode(entry["tokens"])
    streamed = "".join(decoded(model, entry["tokens"]))
    return {"found": ANSWERED if text == streamed == entry.get("text") else f"texts {text!r}, {streamed!r}"}


_ENTRIES = {
    "decode": _decode,
    "generate_many": _generate_many,
    "session": _session,
    "forecast": _forecast,
    "run_many": _run_many,
    "stream": _stream,
    "steps": _steps,
}


def _generate(model: Model, run: dict[str, Any]) -> Line:
    prompt = run["prompt"] if "prompt" in run else _arrays(run["sources"])
    tokens = list(generate(model, prompt, start=run.get("start"), max_new_tokens=run["max_new_tokens"]))
    return {"found": ANSWERED if tokens == run.get("tokens") else f"tokens {tokens}"}


def _prepare(model: Model, entry: dict[str, Any], folder: Path) -> Line:
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
    return max(_difference(inputs[name], array) for name, array in expected.items())


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
    "image": _image_difference,
    "audio": _audio_difference,
    "series": _series_difference,
}


def _numbers(array: NDArray[Any], numbers: Any) -> float:
    """Return how far an input is from its numbers in C order; infinity where it was to be refused."""
    return np.inf if numbers is None else _difference(array.ravel(), np.array(numbers, np.float32))


def _labels(model: Model, read: dict[str, Any]) -> Line:
    labels = [[list(label) for label in row] for row in model.labels(_arrays(read["outputs"]))]
    return {"found": ANSWERED if labels == read.get("labels") else f"labels {labels}"}


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


def _difference(array: NDArray[Any], expected: NDArray[Any]) -> float:
    if array.shape != expected.shape:
        return np.inf
    return float(np.abs(array.astype(np.float64) - expected).max(initial=0))


def _arrays(tensors: dict[str, Any]) -> Arrays:
    return {name: _array(tensor) for name, tensor in tensors.items()}


def _array(tensor: dict[str, Any]) -> NDArray[Any]:
    numbers = [float(n) if n == "NaN" else n for n in tensor["data"]]
    return np.array(numbers, tensor["dtype"]).reshape(tensor["shape"])


def main(folder: Path) -> None:
    """Print the lines of every case."""
    warnings.simplefilter("ignore")  # texts that are cut are told of, and are meant to be
    for case in json.loads((folder / "cases.json").read_text("utf-8")):
        for line in lines(case, folder):
            sys.stdout.write(json.dumps(line, allow_nan=False) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
