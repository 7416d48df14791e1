"""What an output means to a person: a label, a text, an answer, or an object in an image, with its score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Protocol, Self

from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.fields import Field
from edgeattn_runtime.graph import Tensor
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
        """Check it against the labels and the outputs that it names.

        Raises:
            BundleError: It does not fit them.
        """

    def read(
        self, labels: Labels | None, outputs: Mapping[str, object], given: Given, /
    ) -> list[list[Prediction]]:
        """Return the predictions of each row of the outputs.

        Raises:
            InputError: An output is missing, another, or holds a NaN.
        """


def required(labels: Labels | None) -> Labels:
    """Return labels that are there.

    Raises:
        BundleError: The manifest has none.
    """
    if labels is None:
        raise BundleError("processing.labels: missing; expected by processing.prediction")
    return labels
