"""The budget's limits that show in the picture: on latency, and on the worst sample's cosine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from edgeattn.measure.latencies import PYTORCH
from edgeattn.report.number_words import figure
from edgeattn.report.pareto.points import error
from edgeattn.report.report import Report

_COLOR, _SHADE = "#b3261e", 0.06
ROW = 12  # points from one limit's words to the next one's
WORST_WIDTH = 62.0  # points that the words of the worst sample's limit take beside the axes


@dataclass(frozen=True, slots=True)
class Limit:
    """Where a limit runs across the picture, in its axis's unit, and its words."""

    at: float
    words: str


def latency_limits(report: Report) -> tuple[Limit, ...]:
    """Return the latencies in ms that the budget allows at most, the tightest first; none for nominal."""
    if report.nominal:
        return ()  # which are of another scale than what was tried
    limits = []
    for check in report.checks:
        if check.name == "latency_ms":
            limits.append(Limit(check.limit, f"at most {check.limit:g} ms"))
        elif check.name == "latency_ratio" and report.latency_ms is not None:
            at = report.latency_ms[PYTORCH].p50 / check.limit
            limits.append(Limit(at, f"{check.limit:g}x as fast as {report.original}: {figure(at)} ms"))
    return tuple(sorted(limits, key=lambda limit: limit.at))


def error_limit(report: Report) -> Limit | None:
    """Return the error that the budget allows the worst sample."""
    for check in report.checks:
        if check.name == "cosine_min":
            return Limit(error(check.limit), f"cosine_min\nat least\n{check.limit:g}")
    return None


def draw_limits(axes: Axes, latencies: Sequence[Limit], worst: Limit | None) -> None:
    """Draw each limit as a dashed line with its words beyond the axes, and shade the side that fails."""
    (left, right), (_, top) = axes.get_xlim(), axes.get_ylim()
    for row, limit in enumerate(latencies):
        axes.axvline(limit.at, color=_COLOR, linestyle="--", linewidth=1)
        axes.annotate(
            limit.words,
            (limit.at, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 4 + ROW * (len(latencies) - 1 - row)),
            textcoords="offset points",
            ha="left" if limit.at**2 < left * right else "right",  # the middle of a log axis
            color=_COLOR,
        )
    for limit in latencies[:1]:
        axes.axvspan(limit.at, right, color=_COLOR, alpha=_SHADE, linewidth=0)
    if worst is not None:
        axes.axhline(worst.at, color=_COLOR, linestyle="--", linewidth=1)
        axes.axhspan(worst.at, top, color=_COLOR, alpha=_SHADE, linewidth=0)
        beside = (1.01, worst.at)
        axes.annotate(worst.words, beside, xycoords=("axes fraction", "data"), va="center", color=_COLOR)
