"""Bundles whose outputs are read as classes or texts, and these, by the specification in loops."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from bundles import echoed
from case import REFUSED, Case, Entry, Files, accepted, tensors
from graphs import Array

from edgeattn_runtime.graph import Graph, Tensor
from edgeattn_runtime.processing import Image, Labels, Processing
from edgeattn_runtime.processing.classes import Classes
from edgeattn_runtime.processing.objects import Objects
from edgeattn_runtime.processing.prediction import Reader
from edgeattn_runtime.processing.transcript import Transcript

ANIMALS = ("cat", "dog", "rare bird", "naïve ox", "nothing")
SHOWN = (8, 12)  # height and width of the images of detectors
LETTERS = ("<pad>", "<unk>", "|", "a", "b", "ß", "'")


def cases() -> Iterator[Case]:
    """Yield the cases."""
    for scores in ("softmax", "sigmoid", "none"):
        why = f"numbers to be read as classes, whose scores are by {scores}"
        files = labelled(ANIMALS, Classes(scores=scores))
        yield accepted(f"classes-{scores}", why, files, predictions=_classes(scores))
    for name, why, reader in (
        ("ctc", "frames to be read as texts, a label for spaces", Transcript(blank=0, delimiter=2)),
        (
            "ctc-unparted",
            "frames to be read as texts without spaces, the last label the blank",
            Transcript(blank=6, delimiter=None),
        ),
    ):
        yield accepted(name, why, labelled(LETTERS, reader, "frames"), predictions=_transcripts(reader))


def labelled(names: Sequence[str], reader: Reader, *dims: str | int, image: Image | None = None) -> Files:
    """Return a bundle that gives back its inputs: numbers of ``names``, and boxes of objects.

    Args:
        names: Its labels.
        reader: What they are read by.
        dims: Of the outputs, between the batch and the names.
        image: What it takes besides, and makes nothing of.
    """
    sizes = {"logits": len(names), **({"boxes": 4} if isinstance(reader, Objects) else {})}
    outputs = [Tensor(name, "float32", ("batch", *dims, size)) for name, size in sizes.items()]
    given = [Tensor(f"given_{tensor.name}", tensor.dtype, tensor.dims) for tensor in outputs]
    pixels = [] if image is None else [Tensor("pixels", "float32", ("batch", 3, *SHOWN))]
    labels = Labels(output="logits", names=tuple(names))
    processing = Processing(image=image, labels=labels, prediction=reader)
    return echoed(Graph((*pixels, *given), tuple(outputs)), processing)


def _classes(scores: str) -> list[Entry]:
    """Return numbers to be read as classes, ties among them, and outputs that are refused."""
    rows = np.array([[0.5, -1, 2, 2, 0], [0, 0, 0, 0, 0], [-90, 88, 3.25, -2, 1]], np.float32)
    spoiled = np.where(rows == 88, np.float32("nan"), rows)
    return [
        read({"logits": rows}, [_ranked(scores, row) for row in rows.tolist()]),
        read({"logits": rows[0]}, [_ranked(scores, rows[0].tolist())]),
        {"outputs": tensors({"logits": spoiled}), **REFUSED},
        *refusals(),
    ]


def _transcripts(reader: Transcript) -> list[Entry]:
    """Return frames to be read as texts: repetitions, blanks between them, delimiters at the ends, ties."""
    rows = [
        [0, 3, 3, 0, 3, 4, 4, 2, 2, 5, 6],
        [2, 2, 0, 2, 3, 2, 0, 2, 4, 0, 2],
        [0] * 11,
        [1, 1, 6, 6, 0, 6, 5, 5, 0, 5, 3],
    ]
    frames = np.full((len(rows), len(rows[0]), len(LETTERS)), -1, np.float32)
    for i, row in enumerate(rows):
        frames[i, np.arange(len(row)), row] = 2
    tied = np.zeros((1, 3, len(LETTERS)), np.float32)
    tied[0, 0, [4, 5]] = tied[0, 2, [3, 6]] = 1  # the first of equal numbers; of all equal ones, label 0
    return [
        read({"logits": frames}, [[{"text": _text(reader, row)}] for row in rows]),
        read({"logits": tied}, [[{"text": _text(reader, [4, 0, 3])}]]),
        {"outputs": tensors({"logits": frames[0]}), **REFUSED},
        *refusals(),
    ]


def refusals(**others: Array) -> list[Entry]:
    """Return outputs that no kind reads: of another name, dtype or size."""
    whole = np.zeros((*((2, 9) if others else (1, 3)), 6), np.float32)
    broken = ({"other": whole}, {"logits": whole.astype(np.float64)}, {"logits": whole})
    return [{"outputs": tensors({**others, **each}), **REFUSED} for each in broken]


def read(outputs: Mapping[str, Array], predictions: Any, **given: Any) -> Entry:
    """Return outputs, what they are of, and the predictions that they are read as."""
    return {"outputs": tensors(outputs), **given, "predictions": predictions}


def _ranked(scores: str, row: list[float]) -> list[Entry]:
    """Return all labels of a vector, the largest number first, as sorted() keeps equal ones."""
    shares = scored(scores, row)
    order = sorted(range(len(row)), key=lambda place: -row[place])
    return [{"label": ANIMALS[place], "score": shares[place]} for place in order]


def scored(scores: str, row: list[float]) -> list[float]:
    """Return the scores of a row of numbers."""
    if scores == "none":
        return row
    if scores == "sigmoid":
        return [1 / (1 + math.exp(-number)) for number in row]
    # Exact, and so alike in every Python: from 3.12 on, sum() of floats compensates.
    whole = math.fsum(math.exp(number - max(row)) for number in row)
    return [math.exp(number - max(row)) / whole for number in row]


def _text(reader: Transcript, frames: list[int]) -> str:
    text, before = "", None
    for place in frames:
        if place != before and place != reader.blank:
            text += " " if place == reader.delimiter else LETTERS[place]
        before = place
    return text.strip()
