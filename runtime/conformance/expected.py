"""Writes prepare/: long texts, odd images, sounds, series and files, and what bundles make of them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import csvs
import numpy as np
import pictures
import processed
import resampled
import signals
import wavs
from tiny import Array

from edgeattn_runtime.limits import NORMALIZED, PIXELS, STEPPED, TEXT_BYTES


def write_long_texts(folder: Path) -> None:
    """Write texts of one unknown word, some of them too long, and their token ids."""
    room = folder / processed.FOLDER
    growing = NORMALIZED // (32 * 32 * 3)
    stepping = STEPPED // (62 * 64)  # the pre-tokenizer is a step too
    for name, fitting, beyond in (
        ("growing", [growing], growing + 1),
        ("stepping", [stepping], stepping + 1),
        ("long", [], TEXT_BYTES + 1),
    ):
        _lines(room / f"{name}.texts.json", ["c" * length for length in (*fitting, beyond)])
        _lines(room / f"{name}.ids.json", [*([0] for _ in fitting), None])


def write_signals(folder: Path) -> None:
    """Write the odd sounds and series that each bundle is given, and the numbers that it makes of them."""
    draw = np.random.default_rng(12)
    for name, (audio, dims) in processed.SOUNDS.items():
        last = dims[-1]
        time = last if isinstance(last, int) and audio.log_mel is None else None
        raw = signals.sounds(audio.rate, audio.channels, draw)
        numbers = [signals.expected_sounds(_batch(each), audio.to_table(), time) for each in raw]
        _lines(folder / processed.FOLDER / f"{name}.given.json", raw)
        _lines(folder / processed.FOLDER / f"{name}.numbers.json", numbers)
    for name, series in processed.SERIES.items():
        raw = signals.series(len(series.names), processed.TIME, draw)
        _lines(folder / processed.FOLDER / f"{name}.given.json", raw)
        _lines(
            folder / processed.FOLDER / f"{name}.numbers.json",
            [signals.expected_series(_batch(each), asdict(series), processed.TIME) for each in raw],
        )


def write_files(folder: Path) -> None:
    """Write WAV and CSV files, and the numbers that bundles make of them."""
    room = folder / processed.FOLDER / "files"
    room.mkdir(exist_ok=True)
    for name in processed.WAV_BUNDLES:
        audio, _ = processed.SOUNDS[name]
        files, numbers = [], []
        for file, data, samples in wavs.wavs(audio.rate, audio.channels):
            (room / f"{name}-{file}").write_bytes(data)
            files.append({"file": f"{processed.FOLDER}/files/{name}-{file}"})
            sound = None if samples is None else {"rate": audio.rate, "channels": samples.tolist()}
            numbers.append(sound and signals.expected_sounds([sound], audio.to_table(), None))
        _lines(folder / processed.FOLDER / f"{name}.wavs.json", files)
        _lines(folder / processed.FOLDER / f"{name}.wavs.numbers.json", numbers)
    series = asdict(processed.SERIES[processed.CSV_BUNDLE])
    files, numbers = [], []
    for file, data, rows in csvs.csvs():
        (room / file).write_bytes(data)
        files.append({"file": f"{processed.FOLDER}/files/{file}"})
        numbers.append(rows and signals.expected_series([{"values": rows}], series, processed.TIME))
    _lines(folder / processed.FOLDER / f"{processed.CSV_BUNDLE}.csvs.json", files)
    _lines(folder / processed.FOLDER / f"{processed.CSV_BUNDLE}.csvs.numbers.json", numbers)


def _batch(raw: Any) -> list[Any]:
    return raw if isinstance(raw, list) else [raw]


def write_images(folder: Path) -> None:
    """Write the odd images, and the numbers that each kind of bundle makes of them."""
    (folder / processed.FOLDER).mkdir(exist_ok=True)
    odd = pictures.pictures()
    raw = [
        [pictures.raw(each) for each in item] if isinstance(item, list) else pictures.raw(item)
        for item in odd
    ]
    _lines(folder / processed.FOLDER / "images.json", raw)
    for name in processed.PICTURED:
        image = processed.IMAGES[name]
        numbers = [_numbers(item if isinstance(item, list) else [item], image.to_table()) for item in odd]
        _lines(folder / processed.FOLDER / f"{name}.numbers.json", numbers)
    _write_tall(folder)
    _write_long(folder)


def _write_tall(folder: Path) -> None:
    wide = processed.IMAGES["wide"]
    rows = PIXELS // (wide.width or 1)
    odd = [(np.arange(count) % 251).astype(np.uint8)[:, np.newaxis] for count in (rows, rows + 1)]
    _lines(folder / processed.FOLDER / "tall.json", [pictures.raw(each) for each in odd])
    _lines(folder / processed.FOLDER / "tall.numbers.json", [_numbers(odd[:1], wide.to_table()), None])


def _write_long(folder: Path) -> None:
    """Write rows of pixels: one of them would be made a pixel's width too large."""
    image = processed.IMAGES["long"]
    most = PIXELS // 1024**2
    odd = [np.arange(count, dtype=np.uint8)[np.newaxis] for count in (3, most + 1)]
    _lines(folder / processed.FOLDER / "long-images.json", [pictures.raw(each) for each in odd])
    _lines(folder / processed.FOLDER / "long.numbers.json", [_numbers(odd[:1], image.to_table()), None])


def _numbers(batch: list[Array], image: dict[str, Any]) -> list[float] | None:
    """Return the numbers of a batch in C order, each as short as float32 reads it back."""
    arrays = [array for levels in batch if (array := resampled.prepared(levels, image)) is not None]
    if len(arrays) < len(batch) or len({array.shape for array in arrays}) != 1:
        return None
    return [float(str(number)) for array in arrays for number in array.ravel()]


def _lines(path: Path, items: list[Any]) -> None:
    lines = ",\n".join(json.dumps(item, separators=(",", ":")) for item in items)
    path.write_text(f"[\n{lines}\n]\n", encoding="ascii", newline="\n")
