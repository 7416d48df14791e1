"""What the Pareto picture shows: each trial as a point, each limit of the budget as a line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from edgeattn.report.number_words import figure
from edgeattn.results.latency import PYTORCH
from edgeattn.results.limits import r2_of
from edgeattn.results.report import Report
from edgeattn.results.trial import TrialResult

FRONT, CHOSEN, DOMINATED = "#2f6fb3", "#d9730d", "#b9c2cc"
PAPER = "white"
LARGEST_MARKER = 160.0  # square points, of the largest graph; the others' areas in proportion to their MB
ERROR_FLOOR = 1e-7  # of an error on a log axis: what float32 leaves of sums is larger
_COLOR, _SHADE = "#b3261e", 0.06
ROW_HEIGHT = 12  # points from one limit's words to the next one's
WORST_WIDTH = 62.0  # points that the words of the worst sample's limit take at the right of the axes


@dataclass(frozen=True, slots=True)
class Point:
    """One trial, drawn.

    Attributes:
        latency_ms: Its place on the x axis.
        error: Its place on the y axis: 1 - R² of its worst sample, at least ``ERROR_FLOOR``.
        area: The marker's, in square points (1/72 inch).
        number: Its recipe's, as in the table; empty for one that is dominated.
        for_size: Whether only its size puts it on the front, off the line.
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
        """The marker's inside: hollow where only its size keeps it on the front."""
        return PAPER if self.for_size and not self.chosen else self.color

    @property
    def edge(self) -> str:
        """The marker's rim, which distinguishes it from its neighbors."""
        return self.color if self.face == PAPER else PAPER

    @property
    def width(self) -> float:
        """The marker's, in points."""
        return float(self.area**0.5)


def points_of(trials: Iterable[TrialResult]) -> tuple[Point, ...]:
    """Return a point a trial, the most important last, to lie on top."""
    lines = sorted(trials, key=lambda line: (line.chosen, line.front))
    largest = max(line.size_mb for line in lines)
    on_line = stairs(lines)
    return tuple(
        Point(
            latency_ms=line.latency_ms,
            error=error(line.r2_min),
            size_mb=line.size_mb,
            area=LARGEST_MARKER * line.size_mb / largest,
            color=CHOSEN if line.chosen else FRONT if line.front else DOMINATED,
            number=line.number,
            chosen=line.chosen,
            for_size=line.front and line not in on_line,
        )
        for line in lines
    )


def stairs(trials: Iterable[TrialResult]) -> tuple[TrialResult, ...]:
    """Return what nothing dominates in latency and error, the fastest first; size does not count."""
    steps: list[TrialResult] = []
    for trial in sorted(trials, key=lambda trial: (trial.latency_ms, error(trial.r2_min))):
        if not steps or error(trial.r2_min) < error(steps[-1].r2_min):
            steps.append(trial)
    return tuple(steps)


def error(r2: float) -> float:
    """Return what an R² lacks of 1, as a log axis can show it."""
    return max(1 - r2, ERROR_FLOOR)


@dataclass(frozen=True, slots=True)
class LimitLine:
    """Where a limit runs across the picture, in its axis's unit, and its words."""

    at: float
    words: str


def latency_limits(report: Report) -> tuple[LimitLine, ...]:
    """Return the latencies in ms that the budget allows at most, the tightest first; none for nominal."""
    if report.nominal:
        return ()  # which are of another scale than what was tried
    limits = []
    for check in report.checks:
        if check.name == "latency_ms":
            limits.append(LimitLine(check.limit, f"at most {check.limit:g} ms"))
        elif check.name == "latency_ratio" and report.latency_ms is not None:
            at = report.latency_ms[PYTORCH].p50 / check.limit
            limits.append(LimitLine(at, f"{check.limit:g}x as fast as {report.original}: {figure(at)} ms"))
    return tuple(sorted(limits, key=lambda limit: limit.at))


def error_limit(report: Report) -> LimitLine | None:
    """Return the error that the budget allows the worst sample."""
    for check in report.checks:
        if check.name == "cosine_min":
            return LimitLine(error(r2_of(check.limit)), f"cosine_min\nat least\n{check.limit:g}")
    return None


def draw_limits(axes: Axes, latencies: Sequence[LimitLine], worst: LimitLine | None) -> None:
    """Draw each limit as a dashed line with its words beyond the axes, and shade the side that fails."""
    (left, right), (_, top) = axes.get_xlim(), axes.get_ylim()
    for row, limit in enumerate(latencies):
        axes.axvline(limit.at, color=_COLOR, linestyle="--", linewidth=1)
        axes.annotate(
            limit.words,
            (limit.at, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 4 + ROW_HEIGHT * (len(latencies) - 1 - row)),
            textcoords="offset points",
            ha="left" if limit.at**2 < left * right else "right",  # the middle of a log axis
            color=_COLOR,
        )
    for limit in latencies[:1]:
        axes.axvspan(limit.at, right, color=_COLOR, alpha=_SHADE, linewidth=0)
    if worst is not None:
        axes.axhline(worst.at, color=_COLOR, linestyle="--", linewidth=1)
        axes.axhspan(worst.at, top, color=_COLOR, alpha=_SHADE, linewidth=0)
        at_right = (1.01, worst.at)
        axes.annotate(worst.words, at_right, xycoords=("axes fraction", "data"), va="center", color=_COLOR)
