"""A sample and both models' answers: what there is to draw, and the answers in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from edgeattn_runtime.processing import Processing

Arrays = Mapping[str, NDArray[np.generic]]
LONGEST_LINE = 72  # characters of a line
BY_PYTORCH, BY_BUNDLE = "#2f6fb3", "#d9730d"  # colors of their answers


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredSample:
    """One sample.

    Attributes:
        paths: Its files, by their names in the bundle.
        target: Of the sample; None where it is not known.
        attention: The output that is an attention map; None where there is none.
        others: Answers the other samples: their inputs, and PyTorch's and the bundle's outputs for them.
    """

    processing: Processing
    paths: Mapping[str, Path]
    inputs: Arrays
    original: Arrays
    bundle: Arrays
    words: tuple[str, str]
    target: NDArray[np.generic] | None = None
    attention: str | None = None
    others: Callable[[], Sequence[tuple[Arrays, Arrays, Arrays]]] = tuple


def one_line(text: str) -> str:
    """Return a text that fits a line, cut where it is longer."""
    return text if len(text) <= LONGEST_LINE else f"{text[: LONGEST_LINE - 1]}…"


def write_words(figure: Figure, sample: AnsweredSample, *, left: float, top: float, line: float) -> None:
    """Write both answers, a line each.

    Args:
        figure: To write on.
        sample: Whose answers.
        left: Of the lines, in parts of the figure's width.
        top: Of the first line, in parts of its height.
        line: Its height, likewise.
    """
    answers = zip(("PyTorch", "The bundle"), sample.words, (BY_PYTORCH, BY_BUNDLE), strict=True)
    for row, (model, words, color) in enumerate(answers):
        figure.text(
            left, top - row * line, one_line(f"{model}: {words}"), color=color, va="top", weight="bold"
        )
