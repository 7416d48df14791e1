"""Writes prepare/: odd images, sounds and series, and the numbers that bundles make of them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pictures
import processed
import resampled
import signals
from tiny import Array


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
    for name, image in processed.IMAGES.items():
        numbers = [_numbers(item if isinstance(item, list) else [item], asdict(image)) for item in odd]
        _lines(folder / processed.FOLDER / f"{name}.numbers.json", numbers)


def _numbers(batch: list[Array], image: dict[str, Any]) -> list[float] | None:
    """Return the numbers of a batch in C order, each as short as float32 reads it back."""
    arrays = [resampled.prepared(levels, image) for levels in batch]
    if not arrays or any(each is None for each in arrays):
        return None
    return [float(str(number)) for each in arrays if each is not None for number in each.ravel()]


def _lines(path: Path, items: list[Any]) -> None:
    lines = ",\n".join(json.dumps(item, separators=(",", ":")) for item in items)
    path.write_text(f"[\n{lines}\n]\n", encoding="ascii", newline="\n")
