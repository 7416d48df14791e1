"""Bundles whose outputs are read as classes, texts or objects, and these, by the specification in loops."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from case import REFUSED, Case, Entry, tensors
from graphs import Array
from processed import Row, rows

Size = Sequence[int]  # height and width


@dataclass(frozen=True, slots=True)
class Frame:
    """Where an image lies: made another size, it is ``shown`` in the input, which begins ``first`` in it."""

    size: Size
    made: Size = (1, 1)
    first: Size = (0, 0)
    shown: Size = (1, 1)

    def pixels(self, sides: Sequence[float]) -> list[float]:
        """Return left, top, right and bottom, given in shares of the input, in pixels of the image."""
        return [
            (self.first[axis] + side * self.shown[axis]) / self.made[axis] * self.size[axis]
            for side, axis in zip(sides, (1, 0, 1, 0), strict=True)
        ]


def cases() -> Iterator[Case]:
    """Yield the cases."""
    for row in rows("classes"):
        yield row.case(predictions=_classes(row))
    for row in rows("transcripts"):
        yield row.case(predictions=_transcripts(row))
    for row in rows("objects"):
        yield row.case(predictions=_framed(row) if row.frames else _objects(row))


def _classes(row: Row) -> list[Entry]:
    """Return numbers to be read as classes, ties among them."""
    numbers = np.array([[0.5, -1, 2, 2, 0], [0, 0, 0, 0, 0], [-90, 88, 3.25, -2, 1]], np.float32)
    return [
        read({"logits": numbers}, [_ranked(row, each) for each in numbers.tolist()]),
        read({"logits": numbers[0]}, [_ranked(row, numbers[0].tolist())]),
    ]


def _transcripts(row: Row) -> list[Entry]:
    """Return frames to be read as texts: repetitions, blanks between them, delimiters at the ends, ties."""
    places = [
        [0, 3, 3, 0, 3, 4, 4, 2, 2, 5, 6],
        [2, 2, 0, 2, 3, 2, 0, 2, 4, 0, 2],
        [0] * 11,
        [1, 1, 6, 6, 0, 6, 5, 5, 0, 5, 3],
    ]
    frames = np.where(
        np.arange(len(row.processing.labels.names)) == np.array(places)[..., np.newaxis], 2, -1
    ).astype(np.float32)
    tied = np.zeros((1, 3, len(row.processing.labels.names)), np.float32)
    tied[0, 0, [4, 5]] = tied[0, 2, [3, 6]] = 1  # the first of equal numbers; of all equal ones, label 0
    return [
        read({"logits": frames}, [[{"text": _text(row, each)}] for each in places]),
        read({"logits": tied}, [[{"text": _text(row, [4, 0, 3])}]]),
    ]


def read(outputs: Mapping[str, Array], predictions: Any, **given: Any) -> Entry:
    """Return outputs, what they are of, and the predictions that they are read as."""
    return {"outputs": tensors(outputs), **given, "predictions": predictions}


def _ranked(row: Row, numbers: list[float]) -> list[Entry]:
    """Return all labels of a vector, the largest number first, as sorted() keeps equal ones."""
    shares = scored(row.processing.prediction.scores, numbers)
    order = sorted(range(len(numbers)), key=lambda place: -numbers[place])
    return [{"label": row.processing.labels.names[place], "score": shares[place]} for place in order]


def scored(scores: str, row: list[float]) -> list[float]:
    """Return the scores of a row of numbers."""
    if scores == "none":
        return row
    if scores == "sigmoid":
        return [1 / (1 + math.exp(-number)) for number in row]
    # Exact, and so alike in every Python: from 3.12 on, sum() of floats compensates.
    whole = math.fsum(math.exp(number - max(row)) for number in row)
    return [math.exp(number - max(row)) / whole for number in row]


def _text(row: Row, frames: list[int]) -> str:
    text, before, reader = "", None, row.processing.prediction
    for place in frames:
        if place != before and place != reader.blank:
            text += " " if place == reader.delimiter else row.processing.labels.names[place]
        before = place
    return text.strip()


def _objects(row: Row) -> list[Entry]:
    """Return candidates to be read as objects, in shares and in pixels, and outputs that are refused."""
    draw = np.random.default_rng(23)
    logits = draw.normal(scale=2.5, size=(2, 9, len(row.processing.labels.names))).astype(np.float32)
    logits[0, 4] = logits[0, 2]  # equal scores keep the order of the candidates
    logits[1, :, : row.processing.prediction.background] -= 15  # nothing is seen
    boxes = draw.uniform(0, 1, (2, 9, 4)).astype(np.float32)
    outputs, spoiled = {"logits": logits, "boxes": boxes}, boxes.copy()
    spoiled[0, 0, 0] = np.nan
    other = np.zeros((2, 9, 6), np.float32)
    broken: tuple[dict[str, Array], ...] = (
        {"logits": logits},
        {**outputs, "boxes": boxes[:, :8]},
        {**outputs, "boxes": spoiled},
        {"boxes": boxes, "other": other},
        {"boxes": boxes, "logits": other.astype(np.float64)},
        {"boxes": boxes, "logits": other},
    )
    sized = [Frame((480, 640)), Frame((1, 31))]
    return [
        read(outputs, _seen(row, outputs, [Frame((1, 1))] * 2)),
        read(outputs, _seen(row, outputs, sized), sizes=_sizes(sized)),
        {"outputs": tensors(outputs), "sizes": [[640, 480]], **REFUSED},
        *({"outputs": tensors(each), **REFUSED} for each in broken),
    ]


def _framed(row: Row) -> list[Entry]:
    """Return a box in each image, in shares of the input, to be read in pixels of the image."""
    shown = row.processing.image.height, row.processing.image.width
    frames = [Frame(size, made, first, shown) for size, made, first in row.frames]
    boxes = np.random.default_rng(41).uniform(0, 1, (len(frames), 1, 4)).astype(np.float32)
    logits = np.zeros((len(frames), 1, len(row.processing.labels.names)), np.float32)
    logits[..., 1] = 0.75
    outputs, sizes = {"logits": logits, "boxes": boxes}, _sizes(frames)
    return [{"outputs": tensors(outputs), "sizes": sizes, "predictions": _seen(row, outputs, frames)}]


def _sizes(frames: Sequence[Frame]) -> list[list[int]]:
    return [[width, height] for height, width in (frame.size for frame in frames)]


def _seen(row: Row, outputs: dict[str, Array], frames: Sequence[Frame]) -> list[list[Entry]]:
    """Return what a detector sees in each image, the likeliest first."""
    images = zip(outputs["logits"].tolist(), outputs["boxes"].tolist(), frames, strict=True)
    return [[*_seen_in(row, *image)] for image in images]


def _seen_in(row: Row, logits: list[list[float]], boxes: list[list[float]], frame: Frame) -> Iterator[Entry]:
    candidates, reader = [], row.processing.prediction
    for numbers, box in zip(logits, boxes, strict=True):
        shares = scored(reader.scores, numbers)
        eligible = [place for place in range(len(numbers)) if place != reader.background]
        if reader.scores == "softmax":
            eligible = [max(eligible, key=numbers.__getitem__)]
        candidates += [(shares[place], row.processing.labels.names[place], box) for place in eligible]
    for score, label, (a, b, c, d) in sorted(candidates, key=lambda each: -each[0]):
        sides = (a - c / 2, b - d / 2, a + c / 2, b + d / 2) if reader.form == "center" else (a, b, c, d)
        if score > reader.threshold:
            yield {"label": label, "score": score, "box": frame.pixels(sides)}
