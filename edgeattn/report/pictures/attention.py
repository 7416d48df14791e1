"""An attention map over the tokens of a text, by PyTorch and by the bundle: which token looks at which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from edgeattn.report.pictures.answered_sample import BY_BUNDLE, BY_PYTORCH, AnsweredSample, write_words
from edgeattn.report.token_labels import token_labels

MOST_POSITIONS = 32  # of a side that is drawn
COLORS = "Blues"
_WIDTH, _LINE = 7.6, 0.19  # inches: of the picture, of a line of words
_LINES = 3
_MARGIN, _HEADING, _GAP = 0.12, 0.25, 0.3  # inches
_CELL, _SMALLEST = 0.135, 1.2  # inches: of a row, as its label needs it; of a map
_LETTER, _POINTS = 0.065, 7.5  # of a label: inches of a letter, and its size


def head_mean(attention: NDArray[np.generic]) -> NDArray[np.float64]:
    """Return the first row's map (queries, keys) of (batch, [heads,] queries, keys), the mean over heads."""
    first = np.asarray(attention[0], np.float64)
    mean: NDArray[np.float64] = first.mean(axis=0) if first.ndim == 3 else first
    return mean


def of_heads(sample: AnsweredSample, output: str) -> str:
    """Say what of its heads is drawn of a map."""
    attention = sample.original[output]
    return f"mean of {attention.shape[1]} heads" if attention.ndim == 4 else "as the model returns it"


def draw_attention(sample: AnsweredSample, output: str) -> Figure:
    """Draw both maps side by side on one scale, the answers in words below."""
    maps = [head_mean(answers[output]) for answers in (sample.original, sample.bundle)]
    shown = [each[:MOST_POSITIONS, :MOST_POSITIONS] for each in maps]
    queries, keys = (
        token_labels(sample.processing, sample.paths.__getitem__, sample.inputs, size)[:MOST_POSITIONS]
        for size in maps[0].shape
    )
    largest, layout = float(np.nanmax(shown, initial=0.0)), _Layout.of(queries, keys)
    figure = Figure((_WIDTH, layout.height))
    for place, weights in enumerate(shown):
        left, *_ = box = layout.box(place)
        who, color = (("PyTorch", BY_PYTORCH), ("The bundle", BY_BUNDLE))[place]
        _draw(figure.add_axes(box), weights, () if place else queries, keys, largest)
        figure.text(left, 1 - 0.06 / layout.height, who, color=color, va="top", weight="bold")
    left, line = _MARGIN / _WIDTH, _LINE / layout.height
    write_words(figure, sample, left=left, top=_LINES * line, line=line)
    what = f"Each row: how a token divides its attention, {of_heads(sample, output)}"
    figure.text(left, line, f"{what}; strongest {100 * largest:.0f} %", va="top")
    return figure


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where maps stand, in inches: their labels at the left and above, their own width and height."""

    left: float
    above: float
    across: float
    down: float

    @classmethod
    def of(cls, queries: Sequence[str], keys: Sequence[str]) -> _Layout:
        """Fit two maps of so many rows and columns into the width, their cells square."""
        left, above = (_MARGIN + _LETTER * max(map(len, labels)) for labels in (queries, keys))
        room = (_WIDTH - left - _GAP - _MARGIN) / 2
        cell = min(max(_CELL, _SMALLEST / len(queries)), room / len(keys))
        return cls(left, _HEADING + above, cell * len(keys), cell * len(queries))

    @property
    def height(self) -> float:
        """Of the whole picture, with the words below."""
        return self.above + self.down + (_LINES + 0.5) * _LINE

    def box(self, place: int) -> tuple[float, float, float, float]:
        """Return the left, bottom, width and height of a map in parts of the picture."""
        left, bottom = self.left + place * (self.across + _GAP), self.height - self.above - self.down
        return left / _WIDTH, bottom / self.height, self.across / _WIDTH, self.down / self.height


def _draw(
    axes: Axes, weights: NDArray[np.float64], queries: Sequence[str], keys: Sequence[str], largest: float
) -> None:
    axes.imshow(weights, cmap=COLORS, vmin=0, vmax=largest, interpolation="nearest", aspect="auto")
    axes.set_xticks(range(len(keys)), keys, rotation=90, fontsize=_POINTS)
    axes.set_yticks(range(len(queries)), queries, fontsize=_POINTS)
    axes.tick_params(length=0, pad=2, bottom=False, labelbottom=False, top=True, labeltop=True)
