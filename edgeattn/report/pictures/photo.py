"""An image, and both models' answers."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from edgeattn.report.pictures.answered_sample import AnsweredSample, write_words
from edgeattn_runtime.processing import Image

_WIDTH, _HEIGHT = 7.0, 1.9  # inches
_SIDE = 1.6


def draw_photo(sample: AnsweredSample, image: Image) -> Figure:
    """Draw the image at the left, and the words beside it."""
    figure = Figure((_WIDTH, _HEIGHT))
    margin = (_HEIGHT - _SIDE) / 2
    axes = figure.add_axes((margin / _WIDTH, margin / _HEIGHT, _SIDE / _WIDTH, _SIDE / _HEIGHT))
    levels = _levels(image, sample.inputs[image.input][0])
    axes.imshow(levels, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.set_axis_off()
    write_words(figure, sample, left=(2 * margin + _SIDE) / _WIDTH, top=0.62, line=0.14)
    return figure


def _levels(image: Image, row: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Return the levels, (H, W) or (H, W, 3), that a row of the input was made of."""
    numbers = np.asarray(row, np.float64)
    planes = np.moveaxis(numbers, 0, -1) if image.layout == "NCHW" else numbers
    levels = (planes * np.array(image.std) + np.array(image.mean)) / image.scale
    levels = levels[..., ::-1] if image.channels == "BGR" else levels
    kept: NDArray[np.float64] = levels[..., 0] if image.channels == "L" else levels
    return kept.round().clip(0, 255).astype(np.uint8)
