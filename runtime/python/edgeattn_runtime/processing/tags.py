"""Tags: the words of a text with their labels, or the entities that these make up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from sys import intern
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.errors import BundleError, InputError
from edgeattn_runtime.fields import Natural, Record
from edgeattn_runtime.graph import Tensor
from edgeattn_runtime.processing.labels import Labels
from edgeattn_runtime.processing.prediction import Given, Prediction, required, scored
from edgeattn_runtime.processing.tensors import check_kind
from edgeattn_runtime.processing.words import Word, Worded

_BEGIN, _INSIDE = "B-", "I-"  # of labels by which words are one entity


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags(Record):
    """The label of each word, that of its first token; or of each entity, words in a row of one label.

    Attributes:
        outside: The label of words that are no entity, by its place; None where each word is a prediction.
    """

    TAGS: ClassVar[Mapping[str, object]] = {"kind": "tags"}
    needs: ClassVar[Sequence[str]] = ("text",)

    outside: Natural | None

    def check(self, labels: Labels | None, outputs: Mapping[str, Tensor]) -> None:
        """Check that the labels are of tokens, and have the one outside; see ``Reader.check``."""
        labels = required(labels)
        check_kind("labels.output", outputs[labels.output], ("float32",), 3)
        if self.outside is not None and self.outside >= len(labels.names):
            raise BundleError(
                f"processing.prediction.outside: {self.outside} found, below the {len(labels.names)} labels "
                "expected"
            )

    def read(
        self, labels: Labels | None, outputs: Mapping[str, object], given: Given
    ) -> list[list[Prediction]]:
        """Return the words of each text, or its entities; see ``Reader.read``."""
        labels = required(labels)
        values = labels.values(outputs)
        if given.texts is None or values.ndim != 3 or len(values) != len(given.texts):
            texts = "no texts" if given.texts is None else f"{len(given.texts)} texts"
            raise InputError(
                f"{labels.output}: {texts} found for {list(values.shape)}, one for each row expected"
            )
        return [[*self._row(labels, row, text)] for row, text in zip(values, given.texts, strict=True)]

    def _row(self, labels: Labels, values: NDArray[np.float32], text: Worded) -> Iterator[Prediction]:
        if text.tokens > len(values):
            raise InputError(
                f"{labels.output}: {len(values)} tokens found, the {text.tokens} of its text expected"
            )
        group = list[tuple[Word, int, float]]()
        for word in text.words:
            numbers = values[word.token]
            place = int(numbers.argmax())
            if group and not self._continues(labels, group[-1][1], place):
                yield from self._grouped(labels, text.text, group)
                group = []
            group.append((word, place, float(scored(labels.output, numbers, "softmax")[place])))
        yield from self._grouped(labels, text.text, group)

    def _continues(self, labels: Labels, before: int, place: int) -> bool:
        name = labels.names[place]
        return (
            self.outside is not None
            and not name.startswith(_BEGIN)
            and _entity(labels.names[before]) == _entity(name)
        )

    def _grouped(
        self, labels: Labels, text: str, group: Sequence[tuple[Word, int, float]]
    ) -> Iterator[Prediction]:
        if not group or group[0][1] == self.outside:
            return
        name = labels.names[group[0][1]]
        yield Prediction(
            label=name if self.outside is None else intern(_entity(name)),  # once in memory, however long
            score=sum(score for _, _, score in group) / len(group),
            text=text[group[0][0].begin : group[-1][0].end],
        )


def _entity(name: str) -> str:
    return name.removeprefix(_BEGIN) if name.startswith(_BEGIN) else name.removeprefix(_INSIDE)
