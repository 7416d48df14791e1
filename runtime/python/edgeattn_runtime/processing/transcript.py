"""Transcripts: the text of a network that was trained by connectionist temporal classification (CTC)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.errors import BundleError, InputError
from edgeattn_runtime.fields import Natural, Record
from edgeattn_runtime.graph import Tensor
from edgeattn_runtime.processing.labels import Labels
from edgeattn_runtime.processing.prediction import Given, Prediction, check_count, required
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
        sizes = np.array([len(name.encode()) for name in self._texts(labels)])
        check_count(labels.output, sum(int(sizes[self._kept(row)].sum()) for row in best), "bytes of text")
        return [[Prediction(text=self._text(labels, row))] for row in best]

    def _kept(self, frames: NDArray[np.intp]) -> NDArray[np.intp]:
        """Leave out repeated labels, then blanks."""
        begins = np.diff(frames, prepend=-1) != 0
        kept: NDArray[np.intp] = frames[begins & (frames != self.blank)]
        return kept

    def _texts(self, labels: Labels) -> list[str]:
        """Return what each label adds to a text."""
        return [" " if place == self.delimiter else name for place, name in enumerate(labels.names)]

    def _text(self, labels: Labels, frames: NDArray[np.intp]) -> str:
        texts = self._texts(labels)
        return "".join(texts[place] for place in self._kept(frames)).strip(" ")
