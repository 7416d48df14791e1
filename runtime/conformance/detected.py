"""Bundles of detectors, and what these see in whole or framed images, by the specification in loops."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from case import REFUSED, Case, Entry, accepted, tensors
from graphs import Array
from image_cases import image
from predicted import ANIMALS, SHOWN, labelled, read, refusals, scored

from edgeattn_runtime.processing.objects import Objects
from edgeattn_runtime.processing.resize import Resize

Size = tuple[int, int]  # height and width


@dataclass(frozen=True, slots=True)
class Frame:
    """Where an image lies in the input.

    Attributes:
        size: Of the image.
        made: What size it is made.
        first: Where in this the input begins.
        shown: Size of the input.
    """

    size: Size
    made: Size = (1, 1)
    first: Size = (0, 0)
    shown: Size = (1, 1)

    def pixels(self, sides: Sequence[float]) -> list[float]:
        """Return left, top, right and bottom, given in shares of the input, in pixels of the image."""
        axes = (1, 0, 1, 0)
        return [
            (self.first[axis] + side * self.shown[axis]) / self.made[axis] * self.size[axis]
            for side, axis in zip(sides, axes, strict=True)
        ]


_DETECTORS = {
    "objects": Objects(boxes="boxes", form="center", scores="softmax", background=4, threshold=0.5),
    "objects-corners": Objects(
        boxes="boxes", form="corners", scores="sigmoid", background=None, threshold=0.25
    ),
}
_FRAMED_READER = Objects(boxes="boxes", form="center", scores="none", background=None, threshold=0.5)
_BORDER = (0.0, 0.0, 0.0)
_FRAMED: dict[str, tuple[str, dict[str, Any], tuple[tuple[Size, Size, Size], ...]]] = {
    "objects-letterbox": (
        "in the middle of a border",
        {"resize": Resize(height=8, width=12, fit="contain"), "align": "center", "border": _BORDER},
        (((480, 640), (8, 11), (0, -1)), ((100, 20), (8, 2), (0, -5)), ((8, 12), (8, 12), (0, 0))),
    ),
    "objects-start": (
        "before a border",
        {"resize": Resize(shorter=6, longer=8), "align": "start", "border": _BORDER},
        (((300, 300), (6, 6), (0, 0)), ((60, 240), (2, 8), (0, 0)), ((240, 60), (8, 2), (0, 0))),
    ),
    "objects-cut": (
        "of which the middle is kept",
        {"resize": Resize(shorter=15), "align": "center-even"},
        (((30, 30), (15, 15), (4, 2)), ((10, 30), (15, 45), (4, 16)), ((45, 15), (45, 15), (18, 2))),
    ),
}


def cases() -> Iterator[Case]:
    """Yield the cases."""
    for name, detector in _DETECTORS.items():
        why = f"candidates to be read as objects, their boxes by {detector.form}"
        files = labelled(ANIMALS, detector, "candidates")
        yield accepted(name, why, files, predictions=_objects(detector))
    for name, (where, settings, images) in _FRAMED.items():
        why = f"candidates to be read as objects of images {where}"
        how = image(SHOWN, "RGB", "NCHW", "bilinear", scale=1, mean=_BORDER, **settings)
        files = labelled(ANIMALS, _FRAMED_READER, 1, image=how)
        frames = [Frame(*each, shown=SHOWN) for each in images]
        yield accepted(name, why, files, predictions=_framed(frames, beyond=name == "objects-letterbox"))


def _objects(reader: Objects) -> list[Entry]:
    """Return candidates to be read as objects, in shares and in pixels, and outputs that are refused."""
    draw = np.random.default_rng(23)
    logits = draw.normal(scale=2.5, size=(2, 9, len(ANIMALS))).astype(np.float32)
    logits[0, 4] = logits[0, 2]  # equal scores keep the order of the candidates
    logits[1, :, : reader.background] -= 15  # nothing is seen
    boxes = draw.uniform(0, 1, (2, 9, 4)).astype(np.float32)
    outputs, spoiled = {"logits": logits, "boxes": boxes}, boxes.copy()
    spoiled[0, 0, 0] = np.nan
    return [
        read(outputs, _seen(reader, logits, boxes, [Frame((1, 1))] * 2)),
        read(
            outputs,
            _seen(reader, logits, boxes, [Frame((480, 640)), Frame((1, 31))]),
            sizes=[[640, 480], [31, 1]],
        ),
        {"outputs": tensors(outputs), "sizes": [[640, 480]], **REFUSED},
        {"outputs": tensors({"logits": logits}), **REFUSED},
        {"outputs": tensors({"logits": logits, "boxes": boxes[:, :8]}), **REFUSED},
        {"outputs": tensors({"logits": logits, "boxes": spoiled}), **REFUSED},
        *refusals(boxes=boxes),
    ]


def _framed(frames: Sequence[Frame], *, beyond: bool) -> list[Entry]:
    """Return a box in each image, in shares of the input, to be read in pixels of the image; and refusals."""
    boxes = np.random.default_rng(41).uniform(0, 1, (len(frames), 1, 4)).astype(np.float32)
    logits = np.zeros((len(frames), 1, len(ANIMALS)), np.float32)
    logits[..., 1] = 0.75
    outputs = tensors({"logits": logits, "boxes": boxes})
    sizes = [[frame.size[1], frame.size[0]] for frame in frames]
    refused = [sizes[1:], [*sizes[1:], [0, 5]], [*sizes[1:], [2**13, 2**13]]]
    refused += [[*sizes[1:], [1, 2**25]]] if beyond else []
    return [
        {"outputs": outputs, "sizes": sizes, "predictions": _seen(_FRAMED_READER, logits, boxes, frames)},
        {"outputs": outputs, **REFUSED},
        *({"outputs": outputs, "sizes": each, **REFUSED} for each in refused),
    ]


def _seen(reader: Objects, logits: Array, boxes: Array, frames: Sequence[Frame]) -> list[list[Entry]]:
    """Return what a detector sees in each image, the likeliest first."""
    return [[*_seen_in(reader, *row)] for row in zip(logits.tolist(), boxes.tolist(), frames, strict=True)]


def _seen_in(
    reader: Objects, logits: list[list[float]], boxes: list[list[float]], frame: Frame
) -> Iterator[Entry]:
    found = []
    for row, box in zip(logits, boxes, strict=True):
        shares = scored(reader.scores, row)
        eligible = [place for place in range(len(row)) if place != reader.background]
        if reader.scores == "softmax":
            eligible = [max(eligible, key=row.__getitem__)]
        found += [(shares[place], ANIMALS[place], box) for place in eligible]
    for score, label, (a, b, c, d) in sorted(found, key=lambda each: -each[0]):
        sides = (a - c / 2, b - d / 2, a + c / 2, b + d / 2) if reader.form == "center" else (a, b, c, d)
        if score > reader.threshold:
            yield {"label": label, "score": score, "box": frame.pixels(sides)}
