"""An attention map over the tokens of a text, by PyTorch and by the bundle: which token looks at which."""

from __future__ import annotations

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
_MARGIN, _HEADING = 0.12, 0.25  # inches
_FONT = 0.135  # inches: of a row, as its label needs it
_SMALLEST, _LETTER = 1.2, 0.065  # inches: of a map's side, and of a letter of a label


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
    rows, columns = shown[0].shape
    queries, keys = (
        token_labels(sample.processing, sample.paths.__getitem__, sample.inputs, size)[:MOST_POSITIONS]
        for size in maps[0].shape
    )
    left, top = (_MARGIN + _LETTER * max(map(len, labels)) for labels in (queries, keys))
    largest = float(np.nanmax(shown, initial=0.0))
    side = min(max(_SMALLEST, _FONT * rows), (_WIDTH - left - 0.4) / 2 * rows / columns)
    across = side * columns / rows
    height = _HEADING + top + side + (_LINES + 0.5) * _LINE
    figure = Figure((_WIDTH, height))
    above = 1 - (_HEADING + top) / height
    for place, (weights, who, color) in enumerate(
        zip(shown, ("PyTorch", "The bundle"), (BY_PYTORCH, BY_BUNDLE), strict=True)
    ):
        box = (
            (left + place * (across + 0.3)) / _WIDTH,
            above - side / height,
            across / _WIDTH,
            side / height,
        )
        axes = figure.add_axes(box)
        _draw(axes, weights, largest)
        _label(axes, queries if place == 0 else (), keys)
        figure.text(box[0], 1 - 0.06 / height, who, color=color, va="top", weight="bold")
    left, line = _MARGIN / _WIDTH, _LINE / height
    write_words(figure, sample, left=left, top=_LINES * line, line=line)
    caption = (
        f"Each row: how a token divides its attention, {of_heads(sample, output)}; strongest {largest:.0%}"
    )
    figure.text(left, line, caption, va="top")
    return figure


def _draw(axes: Axes, weights: NDArray[np.float64], largest: float) -> None:
    axes.imshow(weights, cmap=COLORS, vmin=0, vmax=largest or 1, interpolation="nearest", aspect="auto")


def _label(axes: Axes, queries: object, keys: object) -> None:
    axes.set_xticks(range(len(keys)), keys, rotation=90, fontsize=7.5)
    axes.set_yticks(range(len(queries)), queries, fontsize=7.5)
    axes.tick_params(length=0, pad=2, bottom=False, labelbottom=False, top=True, labeltop=True)
