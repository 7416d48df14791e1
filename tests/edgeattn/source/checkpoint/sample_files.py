"""Samples as users have them: texts and tables of them, images and sounds in folders."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy.io import wavfile
from sklearn.datasets import load_digits

WORDS = (
    *("good", "bad", "film", "food", "was", "is", "the", "very", "not", "a"),
    *("boring", "nice", "great", "awful", "service", "place", "but", "and"),
)
PRAISE = {"good", "nice", "great"}
RATE = 2000  # samples a second: as few as a test may have


def texts(count: int = 40) -> list[str]:
    """Return texts of 3 to 30 words, of which the longest are cut."""
    draw = random.Random(0)
    return [" ".join(draw.choices(WORDS, k=draw.randint(3, 30))) for _ in range(count)]


def lines(file: Path, count: int = 40) -> Path:
    """Write texts, one a line."""
    file.write_text("\n".join(texts(count)), "utf-8")
    return file


def reviews(file: Path, count: int = 40) -> Path:
    """Write a CSV of texts, ``review``, and of what they say, ``stars``."""
    with file.open("w", encoding="utf-8", newline="") as lines:
        rows = [(text, "positive" if set(text.split()) & PRAISE else "negative") for text in texts(count)]
        csv.writer(lines).writerows([("review", "stars"), *rows])
    return file


def jsonl(file: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write rows as JSON Lines."""
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def images(folder: Path, count: int = 10, rows: int = 1) -> Path:
    """Draw noise of several sizes, ``count`` images each, called dark and light; each is ``rows`` higher."""
    draw = np.random.default_rng(0)
    for label, low, high in (("dark", 0, 128), ("light", 128, 256)):
        (folder / label).mkdir(parents=True)
        for i in range(count):
            levels = draw.integers(low, high, (20 + rows * i, 24, 3), np.uint8)
            Image.fromarray(levels).save(folder / label / f"{i}.png")
    return folder


def digit_images(folder: Path) -> Path:
    """Draw the last 300 digits, a folder each."""
    loaded = load_digits()
    for i, (levels, label) in enumerate(zip(loaded.images[-300:], loaded.target[-300:], strict=True)):
        (folder / str(label)).mkdir(parents=True, exist_ok=True)
        Image.fromarray((levels * 255 / 16).astype(np.uint8)).save(folder / str(label) / f"{i}.png")
    return folder


def sounds(folder: Path, count: int = 12, rate: int = RATE) -> Path:
    """Write noise of several lengths, and what is said in it."""
    folder.mkdir()
    draw = np.random.default_rng(0)
    said = []
    for i in range(count):
        samples = draw.integers(-20000, 20000, 800 + 40 * i, np.int16)
        wavfile.write(folder / f"{i}.wav", rate, samples)
        said.append((f"{i}.wav", "one two" if i % 2 else "two"))
    with (folder / "said.csv").open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([("file", "text"), *said])
    return folder


def noises(folder: Path, count: int = 6, rate: int = RATE) -> Path:
    """Write noise of several lengths and pitches, a folder a label."""
    draw = np.random.default_rng(0)
    for label, width in (("low", 8), ("high", 1)):
        (folder / label).mkdir(parents=True)
        for i in range(count):
            samples = draw.integers(-9000, 9000, 1000 + 700 * i, np.int16).repeat(width)[: 1000 + 700 * i]
            wavfile.write(folder / label / f"{i}.wav", rate, samples)
    return folder
