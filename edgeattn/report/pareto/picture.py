"""pareto.svg: the error, the latency and the size of all that was tried, its front, and what was chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator

from edgeattn.report.number_words import figure
from edgeattn.report.pareto.points import (
    CHOSEN,
    DOMINATED,
    FRONT,
    LARGEST_MARKER,
    PAPER,
    ROW_HEIGHT,
    WORST_WIDTH,
    LimitLine,
    Point,
    draw_limits,
    error,
    error_limit,
    latency_limits,
    points_of,
    stairs,
)
from edgeattn.report.svg import INK, PALE, svg
from edgeattn.results.report import Report
from edgeattn.results.trial import TrialResult

_WIDTH, _HEIGHT = 576.0, 240.0  # points: of the picture, and of its axes
_LEFT, _BELOW, _AROUND = 66.0, 70.0, 8.0  # points next to the axes, with words and without
_TICKS = 8  # parts that ticks cut the latencies' axis into
_CLOSE = {"columnspacing": 1.4, "handletextpad": 0.3, "frameon": False}
_SHORT = 1e-5  # from here on a number is short enough to be written in full


MEASURED = "Latency of a call, ms, median on one thread"
NOMINAL = "Nominal ms of the linear layers of a call: counted, not measured"


def pareto_svg(report: Report) -> bytes:
    """Draw a report's trials, at least one; the same report gives the same bytes."""
    return svg(lambda: _drawn(report))


def _drawn(report: Report) -> Figure:
    points = points_of(report.trials)
    slowest = max(point.latency_ms for point in points)
    latencies = [limit for limit in latency_limits(report) if limit.at < 2 * slowest]  # others squeeze all
    worst = error_limit(report)
    picture, axes = _sheet(above=ROW_HEIGHT * len(latencies), right=WORST_WIDTH if worst else 0.0)
    _set_axes(axes, points, latencies, worst)
    axes.set_xlabel(f"{NOMINAL if report.nominal else MEASURED} (further left is faster)")
    draw_limits(axes, latencies, worst)
    _draw_line(axes, report.trials)
    _draw_points(axes, points)
    _number_points(axes, points)
    _draw_legend(picture, points)
    return picture


def _sheet(*, above: float, right: float) -> tuple[Figure, Axes]:
    """Return a picture and its axes, with room in points for the words of limits above and at the right."""
    height = _BELOW + _HEIGHT + above + _AROUND
    picture = Figure(figsize=(_WIDTH / 72, height / 72))
    FigureCanvasSVG(picture)
    across = _WIDTH - _LEFT - right - _AROUND
    return picture, picture.add_axes((_LEFT / _WIDTH, _BELOW / height, across / _WIDTH, _HEIGHT / height))


def _set_axes(
    axes: Axes, points: Sequence[Point], latencies: Sequence[LimitLine], worst: LimitLine | None
) -> None:
    xs = [point.latency_ms for point in points] + [limit.at for limit in latencies]
    ys = [point.error for point in points] + ([worst.at] if worst else [])
    across = max(1.08, (max(xs) / min(xs)) ** 0.07)
    up = max(2.0, (max(ys) / min(ys)) ** 0.12)  # 2 above and below: room for a tick at 1, 2 or 5
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(min(xs) / across, max(xs) * across)
    axes.set_ylim(min(ys) / up, max(ys) * up)
    axes.xaxis.set_major_locator(FixedLocator(_ticks(*axes.get_xlim())))
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if max(ys) < 100 * min(ys) else (1,)))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(FuncFormatter(_written(axis.get_view_interval()[0])))
    axes.grid(color=PALE, alpha=0.4, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_ylabel("1 - R² of the worst sample (lower is better)")


def _ticks(low: float, high: float) -> list[float]:
    """Return round numbers, about evenly spread over a log axis that may span less than a decade."""
    digits = 2 if high > 1.5 * low else 3
    spread = (low * (high / low) ** (step / _TICKS) for step in range(1, _TICKS))
    return list(dict.fromkeys(float(f"{value:.{digits}g}") for value in spread))


def _written(least: float) -> Callable[[float, object], str]:
    """Return how an axis writes its numbers: all in full, or all as 2e-6 where the least is long."""
    if least < _SHORT:
        return lambda value, _: np.format_float_scientific(float(f"{value:.3g}"), trim="-", exp_digits=1)
    return lambda value, _: np.format_float_positional(float(f"{value:.3g}"), trim="-")


def _draw_line(axes: Axes, trials: Sequence[TrialResult]) -> None:
    steps = stairs(trials)
    xs = [trial.latency_ms for trial in steps for _ in range(2)][1:]  # across to the next, then down
    ys = [error(trial.r2_min) for trial in steps for _ in range(2)][:-1]
    axes.plot(xs, ys, color=FRONT, linewidth=1.4, alpha=0.7, zorder=2)


def _draw_points(axes: Axes, points: Sequence[Point]) -> None:
    axes.scatter(
        [point.latency_ms for point in points],
        [point.error for point in points],
        s=[point.area for point in points],
        c=[point.face for point in points],
        edgecolors=[point.edge for point in points],
        linewidths=1.2,
        zorder=3,
    )


def _number_points(axes: Axes, points: Sequence[Point]) -> None:
    """Write each kept recipe's number by its marker, the chosen one's below: the table says the rest."""
    for point in points:
        side = -1 if point.chosen else 1
        axes.annotate(
            point.number,
            (point.latency_ms, point.error),
            xytext=(point.width / 2, side * (point.width / 2)),  # next to the line, which comes from above
            textcoords="offset points",
            ha="left",
            va="top" if point.chosen else "bottom",
            fontsize=8,
            color=point.color,
            zorder=4,
        )


def _draw_legend(picture: Figure, points: Sequence[Point]) -> None:
    words = {
        CHOSEN: "chosen",
        FRONT: "on the front",
        PAPER: "on it for its size",
        DOMINATED: "dominated",
    }
    edges = {point.face: point.edge for point in points}
    entries = [_mark(LARGEST_MARKER / 2, words[face], face, edges[face]) for face in words if face in edges]
    sizes = {figure(point.size_mb): point for point in sorted(points, key=lambda point: point.size_mb)}
    extremes = dict.fromkeys((next(iter(sizes)), next(reversed(sizes))))
    entries += [_mark(sizes[size].area, f"{size} MB", "none", INK) for size in extremes]
    picture.legend(handles=entries, loc="lower center", ncols=len(entries), **_CLOSE)


def _mark(area: float, words: str, face: str, edge: str) -> Line2D:
    width = float(area**0.5)
    return Line2D(
        [], [], linestyle="", marker="o", markersize=width, color=face, markeredgecolor=edge, label=words
    )
