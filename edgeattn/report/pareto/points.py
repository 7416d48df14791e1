"""A trial as a point of the picture: where it lies, how large it is, in which color and by which words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from edgeattn.report.trial_line import TrialLine

FRONT, CHOSEN, DOMINATED = "#2f6fb3", "#d9730d", "#b9c2cc"
PAPER = "white"
LARGEST = 160.0  # square points of the largest graph's marker; the others' areas in proportion to their MB
FLOOR = 1e-7  # of an error on a log axis: a float32 cosine tells no smaller one from 0


@dataclass(frozen=True, slots=True)
class Point:
    """One trial, drawn.

    Attributes:
        latency_ms: Its place on the x axis.
        error: Its place on the y axis: what its worst cosine lacks of 1, at least ``FLOOR``.
        size_mb: What its marker stands for.
        area: The marker's, in square points (1/72 inch).
        color: The marker's and the number's.
        number: Its recipe's, as in the table; empty for one that is dominated.
        chosen: Whether its recipe made the bundle.
        for_size: Whether it is on the front for its size alone, and so lies off the line.
    """

    latency_ms: float
    error: float
    size_mb: float
    area: float
    color: str
    number: str
    chosen: bool
    for_size: bool

    @property
    def face(self) -> str:
        """The marker's inside: hollow where its size alone keeps it on the front."""
        return PAPER if self.for_size and not self.chosen else self.color

    @property
    def edge(self) -> str:
        """The marker's rim, which tells it from its neighbors."""
        return self.color if self.face == PAPER else PAPER

    @property
    def width(self) -> float:
        """The marker's, in points."""
        return float(self.area**0.5)


def points_of(trials: Iterable[TrialLine]) -> tuple[Point, ...]:
    """Return a point a trial, the most telling last, to lie on top."""
    lines = sorted(trials, key=lambda line: (line.chosen, line.front))
    largest = max(line.size_mb for line in lines)
    on_line = stairs(lines)
    return tuple(
        Point(
            latency_ms=line.latency_ms,
            error=error(line.cosine_min),
            size_mb=line.size_mb,
            area=LARGEST * line.size_mb / largest,
            color=CHOSEN if line.chosen else FRONT if line.front else DOMINATED,
            number=line.number,
            chosen=line.chosen,
            for_size=line.front and line not in on_line,
        )
        for line in lines
    )


def stairs(trials: Iterable[TrialLine]) -> tuple[TrialLine, ...]:
    """Return what nothing dominates in latency and error, the fastest first; size does not count."""
    found: list[TrialLine] = []
    for trial in sorted(trials, key=lambda trial: (trial.latency_ms, error(trial.cosine_min))):
        if not found or error(trial.cosine_min) < error(found[-1].cosine_min):
            found.append(trial)
    return tuple(found)


def error(cosine: float) -> float:
    """Return what a cosine lacks of 1, as a log axis can show it."""
    return max(1 - cosine, FLOOR)
