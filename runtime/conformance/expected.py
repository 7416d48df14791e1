"""Writes prepare/: raw texts, images, sounds, series and files, and what bundles make of each."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import csvs
import numpy as np
import pairs
import pictures
import processed
import resampled
import signals
import tokenized
import wavs
from graphs import Array

from edgeattn_runtime.limits import NORMALIZED, PIXELS, STEPPED, TEXT_BYTES

RECORDED_IMAGES = Path(__file__).parent / "recorded" / "images"  # by record_images.py
RECORDED_NUMBERS = RECORDED_IMAGES.with_suffix(".json")


def write_expected(folder: Path) -> None:
    """Write the files that the cases' ``prepare`` names."""
    room = folder / processed.FOLDER
    (room / "files").mkdir(parents=True)
    _write_texts(room)
    _write_images(room)
    _write_signals(room)
    _write_files(room)


def numbers_of(batch: list[Array], image: dict[str, Any]) -> list[float] | None:
    """Return the numbers of a batch in C order, as short as float32 reads them back; None where refused.

    Args:
        batch: Images, uint8 (height, width) or (height, width, channels).
        image: The manifest's.
    """
    arrays = [array for levels in batch if (array := resampled.prepared(levels, image)) is not None]
    if len(arrays) < len(batch) or len({array.shape for array in arrays}) != 1:
        return None
    return [float(str(number)) for array in arrays for number in array.ravel()]


def _write_texts(room: Path) -> None:
    """Write odd texts, pairs and prompts, and texts of one unknown word, some of them too long."""
    _lines(room / "texts.json", tokenized.given())
    for name in pairs.SINGLE:
        _lines(room / f"{name}.ids.json", tokenized.ids(name))
    for name in pairs.BUNDLES:
        _lines(room / f"{name}.given.json", pairs.given(name))
        _lines(room / f"{name}.tokens.json", tokenized.tokens(name))
    growing = NORMALIZED // (32 * 32 * 3)
    stepping = STEPPED // (62 * 64)  # the pre-tokenizer is a step too
    for name, fitting, beyond in (
        ("growing", [growing], growing + 1),
        ("stepping", [stepping], stepping + 1),
        ("long", [], TEXT_BYTES + 1),
    ):
        _lines(room / f"{name}.texts.json", ["c" * length for length in (*fitting, beyond)])
        _lines(room / f"{name}.ids.json", [*([0] for _ in fitting), None])


def _write_images(room: Path) -> None:
    """Write odd images, ones of a column or a row that may be too long, and recorded files."""
    odd = pictures.pictures()
    raw = [
        [pictures.raw(each) for each in item] if isinstance(item, list) else pictures.raw(item)
        for item in odd
    ]
    _lines(room / "images.json", raw)
    for name in processed.PICTURED:
        image = processed.IMAGES[name].to_table()
        _lines(room / f"{name}.numbers.json", [numbers_of(_batch(item), image) for item in odd])
    rows, columns = PIXELS // 4096, PIXELS // 1024**2  # as wide makes an image wider, and long longer
    column = [(np.arange(count) % 251).astype(np.uint8)[:, np.newaxis] for count in (rows, rows + 1)]
    row = [np.arange(count, dtype=np.uint8)[np.newaxis] for count in (3, columns + 1)]
    for bundle, name, (fitting, beyond) in (("wide", "tall", column), ("long", "long", row)):
        given = "long-images" if name == "long" else name
        _lines(room / f"{given}.json", [pictures.raw(each) for each in (fitting, beyond)])
        numbers = numbers_of([fitting], processed.IMAGES[bundle].to_table())
        _lines(room / f"{name}.numbers.json", [numbers, None])
    recorded = json.loads(RECORDED_NUMBERS.read_text("ascii"))
    for kind in ("png", "jpg"):
        named = [name for name in recorded if name.endswith(kind)]
        files = [(name, (RECORDED_IMAGES / name).read_bytes(), recorded[name]) for name in named]
        _write_given(room, f"{processed.IMAGE_BUNDLE}.{'jpegs' if kind == 'jpg' else 'pngs'}", files)


def _write_signals(room: Path) -> None:
    """Write the odd sounds and series that each bundle is given, and the numbers that it makes of them."""
    draw = np.random.default_rng(12)
    for name, (audio, dims) in processed.SOUNDS.items():
        last = dims[-1]
        time = last if isinstance(last, int) and audio.log_mel is None else None
        raw = signals.sounds(audio.rate, audio.channels, draw)
        numbers = [signals.expected_sounds(_batch(each), audio.to_table(), time) for each in raw]
        _lines(room / f"{name}.given.json", raw)
        _lines(room / f"{name}.numbers.json", numbers)
    for name, series in processed.SERIES.items():
        raw = signals.series(len(series.names), processed.TIME, draw)
        _lines(room / f"{name}.given.json", raw)
        _lines(
            room / f"{name}.numbers.json",
            [signals.expected_series(_batch(each), asdict(series), processed.TIME) for each in raw],
        )


def _write_files(room: Path) -> None:
    """Write WAV and CSV files, and the numbers that bundles make of them."""
    for name in processed.WAV_BUNDLES:
        audio, _ = processed.SOUNDS[name]
        files = []
        for file, data, samples in wavs.wavs(audio.rate, audio.channels):
            sound = None if samples is None else {"rate": audio.rate, "channels": samples.tolist()}
            numbers = sound and signals.expected_sounds([sound], audio.to_table(), None)
            files.append((f"{name}-{file}", data, numbers))
        _write_given(room, f"{name}.wavs", files)
    series = asdict(processed.SERIES[processed.CSV_BUNDLE])
    _write_given(
        room,
        f"{processed.CSV_BUNDLE}.csvs",
        [
            (file, data, rows and signals.expected_series([{"values": rows}], series, processed.TIME))
            for file, data, rows in csvs.csvs()
        ],
    )


def _write_given(room: Path, name: str, files: list[tuple[str, bytes, Any]]) -> None:
    """Write files, which they are, and what is expected of each."""
    for file, data, _ in files:
        (room / "files" / file).write_bytes(data)
    _lines(room / f"{name}.json", [{"file": f"{processed.FOLDER}/files/{file}"} for file, _, _ in files])
    _lines(room / f"{name}.numbers.json", [numbers for _, _, numbers in files])


def _batch(raw: Any) -> list[Any]:
    return raw if isinstance(raw, list) else [raw]


def _lines(path: Path, items: Iterable[Any]) -> None:
    lines = ",\n".join(json.dumps(item, separators=(",", ":")) for item in items)
    path.write_text(f"[\n{lines}\n]\n", encoding="ascii", newline="\n")
