"""Labels into the picture: the numbers that the chosen recipe and the others of the front go by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.transforms import IdentityTransform

from edgeattn.report.pareto.places import NEAREST, Box, Label, place
from edgeattn.report.pareto.points import Point

_REACH = 80.0  # points that the chosen recipe's label may lie off its marker; a thin line then leads there
_LEAD = 6.0  # points from which on the line is drawn
_LINE = 1.0  # point, what a line takes


def draw_labels(picture: Figure, axes: Axes, points: Sequence[Point]) -> None:
    """Write the labels for which there is room beside points and lines.

    Args:
        picture: At 72 dots an inch, so that its pixels are points.
        axes: With its limits and scales set, and all lines drawn.
        points: All that are drawn.
    """
    named = [point for point in reversed(points) if point.words]  # the chosen one first
    texts = [picture.text(0, 0, point.words, color=point.color, ha="center", va="center") for point in named]
    labels = [_label(axes, point, text) for point, text in zip(named, texts, strict=True)]
    taken = [*(_marker(axes, point) for point in points), *_lines(axes)]
    for point, text, box in zip(named, texts, place(labels, taken, _frame(axes)), strict=True):
        if box is None:
            text.remove()
        else:
            text.set(position=(box.x, box.y), transform=IdentityTransform())
            _lead(picture, _marker(axes, point), box, point.color)


def _label(axes: Axes, point: Point, text: Text) -> Label:
    size, reach = text.get_window_extent(), _REACH if point.chosen else NEAREST
    return Label(_marker(axes, point), size.width, size.height, reach)


def _frame(axes: Axes) -> Box:
    view = axes.get_window_extent()
    return Box((view.x0 + view.x1) / 2, (view.y0 + view.y1) / 2, view.width, view.height)


def _marker(axes: Axes, point: Point) -> Box:
    x, y = axes.transData.transform((point.latency_ms, point.error))
    return Box(float(x), float(y), point.width, point.width)


def _lines(axes: Axes) -> Iterator[Box]:
    """Yield all that is drawn as lines, each of which runs across or up."""
    for line in axes.get_lines():
        path = line.get_transform().transform_path(line.get_path())
        for (x0, y0), (x1, y1) in pairwise(np.asarray(path.vertices, float).tolist()):
            yield Box((x0 + x1) / 2, (y0 + y1) / 2, max(abs(x1 - x0), _LINE), max(abs(y1 - y0), _LINE))


def _lead(picture: Figure, point: Box, label: Box, color: str) -> None:
    """Draw a line from a point to the nearest place of a label's edge, where the label lies far off."""
    x = min(max(point.x, label.x - label.width / 2), label.x + label.width / 2)
    y = min(max(point.y, label.y - label.height / 2), label.y + label.height / 2)
    if max(abs(x - point.x), abs(y - point.y)) > point.width / 2 + _LEAD:
        xs, ys = (point.x, x), (point.y, y)
        picture.add_artist(Line2D(xs, ys, color=color, linewidth=0.8, transform=IdentityTransform()))
