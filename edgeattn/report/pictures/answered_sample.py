"""A sample and both models' answers: what there is to draw, and the answers written beside a drawing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from edgeattn.source.own_processing import OwnProcessing

Arrays = Mapping[str, NDArray[np.generic]]
BY_PYTORCH, BY_BUNDLE = "#2f6fb3", "#d9730d"  # colors of what either says


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One sample.

    Attributes:
        own: What stands between an app's data and the inputs.
        inputs: The sample's.
        original: PyTorch's outputs.
        bundle: The bundle's.
        words: What each of these two says, in words.
        target: What the sample was to give; None where that is not known.
        others: Answers the other samples: their inputs, and PyTorch's and the bundle's outputs for them.
    """

    own: OwnProcessing
    inputs: Arrays
    original: Arrays
    bundle: Arrays
    words: tuple[str, str]
    target: NDArray[np.generic] | None = None
    others: Callable[[], Sequence[tuple[Arrays, Arrays, Arrays]]] = tuple


LONGEST = 72  # characters of a line


def write_words(figure: Figure, shown: Shown, *, left: float, top: float, line: float) -> None:
    """Write both in a line each, in parts of the figure's size: its left, its top, and a line's height."""
    said = zip(("PyTorch", "The bundle"), shown.words, (BY_PYTORCH, BY_BUNDLE), strict=True)
    for place, (who, words, color) in enumerate(said):
        text = words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"
        figure.text(left, top - place * line, f"{who}: {text}", color=color, va="top", weight="bold")
