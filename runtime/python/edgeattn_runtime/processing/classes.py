"""Classes: the labels of a vector by their probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from edgeattn_runtime.fields import Record
from edgeattn_runtime.graph import Tensor
from edgeattn_runtime.processing.labels import Labels, descending
from edgeattn_runtime.processing.prediction import (
    Given,
    Prediction,
    Scores,
    check_count,
    required,
    scored,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Classes(Record):
    """Every label of every vector, the largest value first.

    Attributes:
        scores: What the output's numbers become: ``softmax``, ``sigmoid``, or ``none``.
    """

    scores: Scores

    TAGS: ClassVar[Mapping[str, object]] = {"kind": "classes"}
    needs: ClassVar[Sequence[str]] = ()

    def check(self, labels: Labels | None, _outputs: Mapping[str, Tensor]) -> None:
        """Check that there are labels; see ``Reader.check``."""
        required(labels)

    def read(
        self, labels: Labels | None, outputs: Mapping[str, object], _given: Given
    ) -> list[list[Prediction]]:
        """Return the labels of every vector with their scores; see ``Reader.read``."""
        labels = required(labels)
        values = labels.values(outputs).reshape(-1, len(labels.names))
        check_count(labels.output, values.size)
        scores = scored(labels.output, values, self.scores)
        return [
            [Prediction(label=labels.names[place], score=float(row[place])) for place in places]
            for row, places in zip(scores, descending(values), strict=True)
        ]
