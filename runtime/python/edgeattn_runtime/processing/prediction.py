"""What an output means to a person: a label, a text, an answer, or an object in an image, with its score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.errors import BundleError, InputError
from edgeattn_runtime.fields import Field, choice
from edgeattn_runtime.graph import Tensor
from edgeattn_runtime.limits import PREDICTIONS
from edgeattn_runtime.processing.encoding import Encoded
from edgeattn_runtime.processing.labels import Labels
from edgeattn_runtime.processing.words import Worded

Box = tuple[float, float, float, float]


class Prediction(NamedTuple):
    """One thing that an output says; what does not belong to its kind is None.

    Attributes:
        label: One of the bundle's labels.
        score: How sure it is, 0 to 1.
        text: What was transcribed, or a part of the text that was given.
        box: Left, top, right and bottom, in pixels, or in shares of the image where its size is unknown.
        span: Where an answer lies in its context: its first character and the one behind its last.
    """

    label: str | None = None
    score: float | None = None
    text: str | None = None
    box: Box | None = None
    span: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """What the outputs are answers to.

    Attributes:
        texts: The text of each row, and its words; None where there are none.
        pairs: The tokens of each row's pair of texts; None where there are none.
        frames: What the input shows of each image, in pixels of that; None where its size is unknown.
    """

    texts: Sequence[Worded] | None = None
    pairs: Sequence[Encoded] | None = None
    frames: Sequence[Box] | None = None


class Reader(Protocol):
    """How a kind of prediction is read: an entry of the manifest's ``processing.prediction``.

    Attributes:
        needs: What ``Model.predictions`` must be given besides the outputs.
    """

    needs: ClassVar[Sequence[str]]

    @classmethod
    def from_field(cls, field: Field) -> Self:
        """Read it; raises BundleError as a Field does."""

    def check(self, labels: Labels | None, outputs: Mapping[str, Tensor], /) -> None:
        """Check it against the labels and the outputs that it names; raises BundleError."""

    def read(
        self, labels: Labels | None, outputs: Mapping[str, object], given: Given, /
    ) -> list[list[Prediction]]:
        """Return the predictions of each row of the outputs; raises InputError."""


def required(labels: Labels | None) -> Labels:
    """Return labels that are there; raises BundleError."""
    if labels is None:
        raise BundleError("processing.labels: missing; expected by processing.prediction")
    return labels


def check_count(name: str, count: int, what: str = "predictions") -> None:
    """Refuse more predictions of an output than ``PREDICTIONS``, before they are made: raises InputError."""
    if count > PREDICTIONS:
        raise InputError(
            f"{name}: {count:,} {what} found, at most {PREDICTIONS:,} expected; read the outputs themselves"
        )


Scores = Annotated[str, choice("softmax", "sigmoid", "none")]


def scored(name: str, values: NDArray[np.float32], scores: str) -> NDArray[np.float64]:
    """Return the scores of values, along their last axis; ``none`` takes these for scores already.

    Raises:
        InputError: A value is infinite, where a score is computed from it.
    """
    numbers = values.astype(np.float64)
    if scores == "none":
        return numbers
    if np.isinf(numbers).any():
        raise InputError(f"{name}: an infinite number found, finite ones expected; check what was called")
    if scores == "sigmoid":
        return 1 / (1 + np.exp(-numbers))
    masses = np.exp(numbers - numbers.max(axis=-1, keepdims=True))
    shares: NDArray[np.float64] = masses / masses.sum(axis=-1, keepdims=True)
    return shares
