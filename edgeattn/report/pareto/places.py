"""Where labels go beside their points, so that none lies on another or on a point."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

NEAREST = 2.5  # between a point's edge and its label; each further try is that much more away
_SIDES = (
    (1, 0),
    (0, 1),
    (-1, 0),
    (0, -1),
    (1, 1),
    (-1, 1),
    (1, -1),
    (-1, -1),
)  # right, above, left, below, ...


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle by its center and its size, all in one unit such as points (1/72 inch)."""

    x: float
    y: float
    width: float
    height: float

    def overlaps(self, other: Box) -> bool:
        """Say whether the two share more than an edge."""
        return (
            abs(self.x - other.x) * 2 < self.width + other.width
            and abs(self.y - other.y) * 2 < self.height + other.height
        )

    def holds(self, other: Box) -> bool:
        """Say whether the other lies within."""
        return (
            abs(self.x - other.x) * 2 <= self.width - other.width
            and abs(self.y - other.y) * 2 <= self.height - other.height
        )


@dataclass(frozen=True, slots=True)
class Label:
    """What is to be placed: the box of the point that it names, its own size, and how far off it may lie."""

    point: Box
    width: float
    height: float
    reach: float = NEAREST


def place(labels: Iterable[Label], taken: Sequence[Box], frame: Box) -> list[Box | None]:
    """Place one label after the other at the nearest free side of its point.

    Args:
        labels: The most important first.
        taken: Where no label may lie: points and lines.
        frame: What labels may not leave.

    Returns:
        A box a label; None where no side is free.
    """
    boxes, placed = list(taken), list[Box | None]()
    for label in labels:
        free = (box for box in _candidates(label) if frame.holds(box) and not any(map(box.overlaps, boxes)))
        placed.append(next(free, None))
        boxes += filter(None, placed[-1:])
    return placed


def _candidates(label: Label) -> Iterable[Box]:
    point = label.point
    for step in range(1, int(label.reach / NEAREST) + 1):
        distance = step * NEAREST
        for right, up in _SIDES:
            x = point.x + right * ((point.width + label.width) / 2 + distance)
            y = point.y + up * ((point.height + label.height) / 2 + distance)
            yield Box(x, y, label.width, label.height)
