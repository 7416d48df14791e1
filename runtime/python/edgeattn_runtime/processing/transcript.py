"""Transcripts: the text of a network that was trained by connectionist temporal classification (CTC)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar

from edgeattn_runtime.errors import BundleError, InputError
from edgeattn_runtime.fields import Natural, Record
from edgeattn_runtime.graph import Tensor
from edgeattn_runtime.processing.labels import Labels
from edgeattn_runtime.processing.prediction import Given, Prediction, required
from edgeattn_runtime.processing.tensors import check_kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript(Record):
    """The likeliest label of each frame; repeated ones are one, blanks are left out, the others are joined.

    Attributes:
        blank: The label that stands for nothing, by its place.
        delimiter: The one that stands for a space; None where none does.
    """

    blank: Natural
    delimiter: Natural | None

    TAGS: ClassVar[Mapping[str, object]] = {"kind": "ctc"}
    needs: ClassVar[Sequence[str]] = ()

    def check(self, labels: Labels | None, outputs: Mapping[str, Tensor]) -> None:
        """Check that the labels are of frames, and have the blank and the delimiter; see ``Reader.check``."""
        labels = required(labels)
        check_kind("labels.output", outputs[labels.output], ("float32",), 3)
        for key, place in (("blank", self.blank), ("delimiter", self.delimiter)):
            if place is not None and place >= len(labels.names):
                raise BundleError(
                    f"processing.prediction.{key}: {place} found, below the {len(labels.names)} labels "
                    "expected"
                )

    def read(
        self, labels: Labels | None, outputs: Mapping[str, object], _given: Given
    ) -> list[list[Prediction]]:
        """Return one text a row; see ``Reader.read``."""
        labels = required(labels)
        values = labels.values(outputs)
        if values.ndim != 3:
            raise InputError(f"{labels.output}: {list(values.shape)} found, [batch, frames, labels] expected")
        best = values.argmax(axis=-1)  # (N, frames); of equal values the first
        return [[Prediction(text=self._text(labels, row.tolist()))] for row in best]

    def _text(self, labels: Labels, frames: list[int]) -> str:
        kept = (place for place, _ in groupby(frames) if place != self.blank)
        return "".join(" " if place == self.delimiter else labels.names[place] for place in kept).strip(" ")
