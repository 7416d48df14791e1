"""An attention map over the patches of an image: where each model looks."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from edgeattn.report.pictures.answered_sample import BY_BUNDLE, BY_PYTORCH, AnsweredSample, write_words
from edgeattn.report.pictures.attention import COLORS, head_mean, of_heads
from edgeattn.report.svg import INK
from edgeattn_runtime.processing.image import Image, image_levels

MOST_TOKENS = 8  # that stand before the patches: of a class, a distillation, registers
_WIDTH, _HEIGHT, _SIDE, _TOP, _GAP, _LINE = 7.0, 2.85, 1.9, 0.25, 0.3, 0.19  # inches
_VEIL = 0.65  # how much a map hides of the image beneath it


def patch_grid(keys: int, height: int, width: int) -> tuple[int, int, int] | None:
    """Return how many tokens stand before the patches, and their rows and columns; None where nothing fits.

    Patches are square and of whole pixels, as in ViT (Dosovitskiy et al. 2021); fewer tokens stand before.
    """
    for before in range(min((keys + 1) // 2, MOST_TOKENS + 1)):
        rows = round(((keys - before) * height / width) ** 0.5)
        columns = (keys - before) // rows if rows else 0
        is_whole = rows * columns == keys - before > 0 and height % rows == 0
        if is_whole and height * columns == width * rows:
            return before, rows, columns
    return None


def has_patches(sample: AnsweredSample, image: Image, output: str) -> bool:
    """Say whether a map's keys are the patches of an image."""
    return patch_grid(sample.original[output].shape[-1], *_size(sample, image)) is not None


def _size(sample: AnsweredSample, image: Image) -> tuple[int, int]:
    """Return the height and width of the sample's image, in pixels."""
    shape = sample.inputs[image.input].shape  # a batch first
    return shape[image.layout.index("H")], shape[image.layout.index("W")]


def draw_patches(sample: AnsweredSample, image: Image, output: str) -> Figure:
    """Draw the image, and by each model how much each patch of it is looked at; the answers in words below.

    Where tokens stand before the patches, the first one's attention is drawn; else the mean over all queries.
    """
    levels = image_levels(image, sample.inputs[image.input][0]).round().clip(0, 255).astype(np.uint8)
    height, width = _size(sample, image)
    figure = Figure((_WIDTH, _HEIGHT))
    maps = [_looked_at(answers[output], height, width) for answers in (sample.original, sample.bundle)]
    largest = float(np.nanmax(maps, initial=0.0))
    _show(figure, 0, "Image", INK).imshow(levels, cmap="gray", vmin=0, vmax=255)
    for place, (grid, who, color) in enumerate(
        zip(maps, ("PyTorch", "The bundle"), (BY_PYTORCH, BY_BUNDLE), strict=True), 1
    ):
        axes = _show(figure, place, f"{who} looks at", color)
        axes.imshow(_gray(levels), cmap="gray", vmin=0, vmax=255)
        extent = (-0.5, width - 0.5, height - 0.5, -0.5)
        axes.imshow(
            grid, cmap=COLORS, vmin=0, vmax=largest, alpha=_VEIL, extent=extent, interpolation="nearest"
        )
    left, line = 0.1 / _WIDTH, _LINE / _HEIGHT
    write_words(figure, sample, left=left, top=3 * line, line=line)
    before, _, _ = patch_grid(sample.original[output].shape[-1], height, width) or (0, 0, 0)
    whose = "of the first token" if before else "of all queries"
    caption = f"Attention {whose}, {of_heads(sample, output)}; strongest {100 * largest:.1f} %"
    figure.text(left, line, caption, va="top")
    return figure


def _gray(levels: NDArray[np.uint8]) -> NDArray[np.float64]:
    colors = np.asarray(levels, np.float64).reshape(*levels.shape[:2], -1)
    gray: NDArray[np.float64] = colors.mean(axis=-1)
    return gray


def _looked_at(attention: NDArray[np.generic], height: int, width: int) -> NDArray[np.float64]:
    """Return the first token's attention by patch (rows, columns), or the mean over queries."""
    weights = head_mean(attention)
    grid = patch_grid(weights.shape[-1], height, width)
    assert grid is not None
    before, rows, columns = grid
    looked_at: NDArray[np.float64] = weights[0] if before else weights.mean(axis=0)
    return looked_at[before:].reshape(rows, columns)


def _show(figure: Figure, place: int, title: str, color: str) -> Axes:
    left = 0.1 + place * (_SIDE + _GAP)
    bottom = _HEIGHT - _TOP - _SIDE
    axes = figure.add_axes((left / _WIDTH, bottom / _HEIGHT, _SIDE / _WIDTH, _SIDE / _HEIGHT))
    axes.set_axis_off()
    figure.text(left / _WIDTH, 1 - 0.06 / _HEIGHT, title, color=color, va="top", weight="bold")
    return axes
