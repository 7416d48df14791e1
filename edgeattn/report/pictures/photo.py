"""An image, and both models' answers."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from edgeattn.report.pictures.answered_sample import AnsweredSample, write_words
from edgeattn_runtime.processing.image import Image, image_levels

_WIDTH, _HEIGHT = 7.0, 1.9  # inches
_SIDE = 1.6


def draw_photo(sample: AnsweredSample, image: Image) -> Figure:
    """Draw the image at the left, and the words at its right."""
    figure = Figure((_WIDTH, _HEIGHT))
    margin = (_HEIGHT - _SIDE) / 2
    axes = figure.add_axes((margin / _WIDTH, margin / _HEIGHT, _SIDE / _WIDTH, _SIDE / _HEIGHT))
    levels = image_levels(image, sample.inputs[image.input][0]).round().clip(0, 255).astype(np.uint8)
    axes.imshow(levels, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.set_axis_off()
    write_words(figure, sample, left=(2 * margin + _SIDE) / _WIDTH, top=0.62, line=0.14)
    return figure
