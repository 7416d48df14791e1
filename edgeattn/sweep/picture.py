"""A model's Pareto fronts in one picture: error against latency, a color for each device and target."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from edgeattn.report.pareto.picture import MEASURED, NOMINAL
from edgeattn.report.pareto.points import error
from edgeattn.report.svg import PALE, svg
from edgeattn.sweep.fronts import Series

COLORS = ("#2f6fb3", "#d9730d", "#1b7a43", "#8a4fb3", "#b3261e", "#5b6470")
_WIDTH, _HEIGHT, _LEGEND = 576.0, 300.0, 16.0  # points: the picture, and a line of its legend


def fronts_svg(several: Sequence[Series]) -> bytes:
    """Draw series, at least one, all of them measured or all nominal; the same give the same bytes."""
    return svg(lambda: _drawn(several))


def _drawn(several: Sequence[Series]) -> Figure:
    height = _HEIGHT + _LEGEND * len(several)
    picture = Figure(figsize=(_WIDTH / 72, height / 72), layout="constrained")
    FigureCanvasSVG(picture)
    axes = picture.add_subplot()
    _set_axes(axes, several)
    for place, series in enumerate(several):
        _draw(axes, series, COLORS[place % len(COLORS)])
    picture.legend(loc="outside lower left", frameon=False, handletextpad=0.5)
    return picture


def _set_axes(axes: Axes, several: Sequence[Series]) -> None:
    xs = [trial.latency_ms for series in several for trial in series.trials]
    ys = [error(trial.cosine_min) for series in several for trial in series.trials]
    across, up = max(1.1, (max(xs) / min(xs)) ** 0.07), max(2.0, (max(ys) / min(ys)) ** 0.1)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(min(xs) / across, max(xs) * across)
    axes.set_ylim(min(ys) / up, max(ys) * up)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7) if max(xs) < 20 * min(xs) else (1, 3)))
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if max(ys) < 100 * min(ys) else (1,)))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
        axis.set_minor_locator(NullLocator())
    axes.grid(color=PALE, alpha=0.4, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_ylabel("1 - cosine of the worst sample")
    axes.set_xlabel(NOMINAL if several[0].nominal else MEASURED)


def _draw(axes: Axes, series: Series, color: str) -> None:
    """Draw all that was tried faint, the front as steps, and rings with the numbers of rows."""
    axes.scatter(
        [trial.latency_ms for trial in series.trials],
        [error(trial.cosine_min) for trial in series.trials],
        s=16,
        color=color,
        alpha=0.35,
        linewidths=0,
    )
    axes.plot(
        [trial.latency_ms for trial in series.front],
        [error(trial.cosine_min) for trial in series.front],
        drawstyle="steps-post",
        marker="o",
        markersize=4.5,
        linewidth=1.4,
        color=color,
        label=f"{series.target} on {series.device}",
    )
    rings: dict[tuple[float, float], list[int]] = {}
    for number, trial in series.chosen.items():
        rings.setdefault((trial.latency_ms, error(trial.cosine_min)), []).append(number)
    for place, numbers in rings.items():
        axes.plot(*place, marker="o", markersize=10, markerfacecolor="none", markeredgecolor=color)
        words = ", ".join(map(str, sorted(numbers)))
        axes.annotate(words, place, xytext=(6, 6), textcoords="offset points", fontsize=9, color=color)
