"""A sample and both models' answers: what there is to draw, and the answers written beside a drawing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from edgeattn_runtime.processing import Processing

Arrays = Mapping[str, NDArray[np.generic]]
BY_PYTORCH, BY_BUNDLE = "#2f6fb3", "#d9730d"  # colors of their answers


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredSample:
    """One sample.

    Attributes:
        processing: What stands between an app's data and the inputs.
        paths: Its files, by their names in the bundle.
        inputs: The sample's.
        original: PyTorch's outputs.
        bundle: The bundle's.
        words: The answers of these two, in words.
        target: Of the sample; None where it is not known.
        others: Answers the other samples: their inputs, and PyTorch's and the bundle's outputs for them.
    """

    processing: Processing
    paths: Mapping[str, Path]
    inputs: Arrays
    original: Arrays
    bundle: Arrays
    words: tuple[str, str]
    target: NDArray[np.generic] | None = None
    others: Callable[[], Sequence[tuple[Arrays, Arrays, Arrays]]] = tuple


LONGEST = 72  # characters of a line


def write_words(figure: Figure, sample: AnsweredSample, *, left: float, top: float, line: float) -> None:
    """Write both in a line each, in parts of the figure's size: its left, its top, and a line's height."""
    answers = zip(("PyTorch", "The bundle"), sample.words, (BY_PYTORCH, BY_BUNDLE), strict=True)
    for row, (model, words, color) in enumerate(answers):
        text = words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"
        figure.text(left, top - row * line, f"{model}: {text}", color=color, va="top", weight="bold")
