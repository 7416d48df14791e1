"""Objects: what a detector sees in an image, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.errors import BundleError, InputError
from edgeattn_runtime.fields import Field, Natural, Record, choice
from edgeattn_runtime.graph import Tensor
from edgeattn_runtime.processing.labels import Labels, descending, read_output
from edgeattn_runtime.processing.prediction import (
    Box,
    Given,
    Prediction,
    Scores,
    check_count,
    required,
    scored,
)
from edgeattn_runtime.processing.tensors import check_kind, find_tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Objects(Record):
    """The candidates that score above a threshold.

    Attributes:
        boxes: The output of a box a candidate, float32 ``[batch, candidates, 4]``, in shares of the input.
        form: Which four: ``center``, x, y, width and height; or ``corners``, left, top, right and bottom.
        scores: With ``softmax`` a candidate has its likeliest label, else each above the threshold.
        background: The label of no object, by its place; None where there is none.
        threshold: Above which a score counts.
    """

    boxes: str
    form: Annotated[str, choice("center", "corners")]
    scores: Scores
    background: Natural | None
    threshold: float

    TAGS: ClassVar[Mapping[str, object]] = {"kind": "objects"}
    needs: ClassVar[Sequence[str]] = ()

    def check_values(self, values: Mapping[str, Field]) -> None:
        """Check that the threshold is a share."""
        if not 0 <= self.threshold <= 1:
            raise values["threshold"].refusal("a number from 0 to 1")

    def check(self, labels: Labels | None, outputs: Mapping[str, Tensor]) -> None:
        """Check that each candidate has labels and a box; see ``Reader.check``."""
        labels = required(labels)
        check_kind("labels.output", outputs[labels.output], ("float32",), 3)
        boxes = find_tensor("prediction.boxes", self.boxes, outputs)
        check_kind("prediction.boxes", boxes, ("float32",), 3)
        if boxes.dims != (*outputs[labels.output].dims[:2], 4):
            raise BundleError(
                f"processing.prediction.boxes: {boxes} found, 4 for each candidate of "
                f"{outputs[labels.output]} expected"
            )
        if self.background is not None and self.background >= len(labels.names):
            raise BundleError(
                f"processing.prediction.background: {self.background} found, below the {len(labels.names)} "
                "labels expected"
            )

    def read(
        self, labels: Labels | None, outputs: Mapping[str, object], given: Given
    ) -> list[list[Prediction]]:
        """Return the objects of each image, the likeliest first; see ``Reader.read``."""
        labels = required(labels)
        values, boxes = labels.values(outputs), read_output(self.boxes, outputs, 4)
        if values.ndim != 3 or values.shape[:2] != boxes.shape[:2]:
            raise InputError(
                f"{self.boxes}: {list(boxes.shape)} found, a box for each candidate of "
                f"{list(values.shape)} expected"
            )
        frames = [(0.0, 0.0, 1.0, 1.0)] * len(values) if given.frames is None else given.frames
        if len(frames) != len(values):
            raise InputError(f"size: {len(frames)} found, one for each of {len(values)} images expected")
        corners = self._corners(boxes.astype(np.float64))
        scores = scored(labels.output, values, self.scores)
        above = self._above(labels, values, scores)
        check_count(labels.output, int(np.count_nonzero(above)))
        return [_objects(labels, *row) for row in zip(above, scores, corners, frames, strict=True)]

    def _above(
        self, labels: Labels, values: NDArray[np.float32], scores: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Find the labels of candidates that are predictions, (N, candidates, labels)."""
        places = np.arange(len(labels.names))
        above: NDArray[np.bool_] = (scores > self.threshold) & (places != self.background)
        if self.scores == "softmax":
            best = np.where(places != self.background, values, -np.inf).argmax(axis=-1)
            above &= places == best[..., np.newaxis]
        return above

    def _corners(self, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.form == "corners":
            return boxes
        centers, halves = boxes[..., :2], boxes[..., 2:] / 2
        return np.concatenate([centers - halves, centers + halves], axis=-1)


def _objects(
    labels: Labels,
    above: NDArray[np.bool_],
    scores: NDArray[np.float64],
    boxes: NDArray[np.float64],
    frame: Box,
) -> list[Prediction]:
    candidates, places = np.nonzero(above)  # in their order, which equal scores keep
    order = descending(scores[candidates, places])
    return [
        Prediction(
            label=labels.names[places[i]],
            score=float(scores[candidates[i], places[i]]),
            box=_laid(boxes[candidates[i]], frame),
        )
        for i in order
    ]


def _laid(box: NDArray[np.float64], frame: Box) -> Box:
    """Return a box in shares of a frame where that is."""
    left, top, right, bottom = (float(share) for share in box)
    width, height = frame[2] - frame[0], frame[3] - frame[1]
    return (
        frame[0] + left * width,
        frame[1] + top * height,
        frame[0] + right * width,
        frame[1] + bottom * height,
    )
