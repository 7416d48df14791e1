"""A trial as a point of the picture: where it lies, how large it is, in which color and by which words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from edgeattn.trial_line import TrialLine

FRONT, CHOSEN, BEATEN = "#2f6fb3", "#d9730d", "#b9c2cc"
LARGEST = 160.0  # square points of the largest graph's marker; the others' areas in proportion to their MB
FLOOR = 1e-7  # of an error on a log axis: a float32 cosine tells no smaller one from 0
_NAME_LENGTH = 32  # characters of a recipe's name


@dataclass(frozen=True, slots=True)
class Point:
    """One trial, drawn.

    Attributes:
        latency_ms: Its place on the x axis.
        error: Its place on the y axis: what its worst cosine lacks of 1, at least ``FLOOR``.
        size_mb: What its marker stands for.
        area: The marker's, in square points (1/72 inch).
        color: The marker's and the label's.
        words: The chosen recipe's name, the others' number; empty for one that is beaten.
        chosen: Whether its recipe made the bundle.
    """

    latency_ms: float
    error: float
    size_mb: float
    area: float
    color: str
    words: str
    chosen: bool

    @property
    def width(self) -> float:
        """The marker's, in points."""
        return float(self.area**0.5)


def points_of(trials: Iterable[TrialLine]) -> tuple[Point, ...]:
    """Return a point a trial, the most telling last, to lie on top."""
    lines = sorted(trials, key=lambda line: (line.chosen, line.front))
    largest = max(line.size_mb for line in lines)
    return tuple(
        Point(
            latency_ms=line.latency_ms,
            error=error(line.cosine_min),
            size_mb=line.size_mb,
            area=LARGEST * line.size_mb / largest,
            color=CHOSEN if line.chosen else FRONT if line.front else BEATEN,
            words=_shown(line.name) if line.chosen else line.number,
            chosen=line.chosen,
        )
        for line in lines
    )


def stairs(points: Iterable[Point]) -> tuple[Point, ...]:
    """Return what nothing beats in latency and error, the fastest first; size alone counts for nothing."""
    found: list[Point] = []
    for point in sorted(points, key=lambda point: (point.latency_ms, point.error)):
        if not found or point.error < found[-1].error:
            found.append(point)
    return tuple(found)


def error(cosine: float) -> float:
    """Return what a cosine lacks of 1, as a log axis can show it."""
    return max(1 - cosine, FLOOR)


def _shown(name: str) -> str:
    known = name.encode("latin-1", "replace").decode("latin-1")  # letters that the font has
    return known if len(known) <= _NAME_LENGTH else f"{known[: _NAME_LENGTH - 3]}..."
