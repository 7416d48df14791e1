"""sweep.html: the rows of a sweep and the Pareto fronts of its models, as one page that fetches nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from edgeattn.report.number_words import figure, r2
from edgeattn.report.page import image_source
from edgeattn.report.pareto.picture import MEASURED, NOMINAL
from edgeattn.report.pareto.points import error
from edgeattn.report.svg import PALE, svg
from edgeattn.results.trial import recipe_words
from edgeattn.sweep.fronts import Cost, Series, costs, series_of
from edgeattn.sweep.line import Line
from edgeattn.sweep.row import Outcome, Row

COLORS = ("#2f6fb3", "#d9730d", "#1b7a43", "#8a4fb3", "#b3261e", "#5b6470")
_WIDTH, _HEIGHT, _LEGEND = 576.0, 300.0, 16.0  # points: the picture, and a line of its legend
_TEMPLATE = "sweep.html"


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
    ys = [error(trial.r2_min) for series in several for trial in series.trials]
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
    axes.set_ylabel("1 - R² of the worst sample")
    axes.set_xlabel(NOMINAL if several[0].nominal else MEASURED)


def _draw(axes: Axes, series: Series, color: str) -> None:
    """Draw all that was tried faint, the front as steps, and rings with the numbers of rows."""
    axes.scatter(
        [trial.latency_ms for trial in series.trials],
        [error(trial.r2_min) for trial in series.trials],
        s=16,
        color=color,
        alpha=0.35,
        linewidths=0,
    )
    axes.plot(
        [trial.latency_ms for trial in series.front],
        [error(trial.r2_min) for trial in series.front],
        drawstyle="steps-post",
        marker="o",
        markersize=4.5,
        linewidth=1.4,
        color=color,
        label=f"{series.target} on {series.device}",
    )
    rings: dict[tuple[float, float], list[int]] = {}
    for number, trial in series.chosen.items():
        rings.setdefault((trial.latency_ms, error(trial.r2_min)), []).append(number)
    for place, numbers in rings.items():
        axes.plot(*place, marker="o", markersize=10, markerfacecolor="none", markeredgecolor=color)
        words = ", ".join(map(str, sorted(numbers)))
        axes.annotate(words, place, xytext=(6, 6), textcoords="offset points", fontsize=9, color=color)


@dataclass(frozen=True, slots=True)
class Front:
    """What is shown of one model: series whose times are all measured, or all nominal."""

    series: tuple[Series, ...]
    picture: str
    costs: tuple[Cost, ...]

    @property
    def nominal(self) -> bool:
        """Whether the times are counted, not measured."""
        return self.series[0].nominal


def page(lines: Sequence[Line], outcomes: Mapping[Row, Outcome]) -> str:
    """Lay a sweep out as HTML: no script, nothing fetched, light or dark as the reader has it."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader("edgeattn.sweep"), PackageLoader("edgeattn.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"figure": figure, "r2": r2, "recipe": recipe_words}
    reports = [report for outcome in outcomes.values() if (report := outcome.read()) is not None]
    return environment.get_template(_TEMPLATE).render(
        lines=lines,
        highlights=_highlights(lines),
        models={name: _fronts(its) for name, its in series_of(lines, list(outcomes.values())).items()},
        machines=list(dict.fromkeys(str(report.machine) for report in reports)),
        versions=list(dict.fromkeys(report.machine.versions["onnxruntime"] for report in reports)),
        nominal=any(line.nominal for line in lines),
    )


def _highlights(lines: Sequence[Line]) -> tuple[tuple[str, str], ...]:
    """Return numbers, of which two may be the same, each with what it counts."""
    words = Counter(line.verdict for line in lines)
    models = len(dict.fromkeys(line.model for line in lines))
    devices = len(dict.fromkeys(line.device for line in lines if line.device))
    return (
        (f"{words['pass']} of {len(lines)}", "rows pass their budget"),
        (str(models), "model" if models == 1 else "models"),
        (str(devices), "device" if devices == 1 else "devices"),
    )


def _fronts(several: Sequence[Series]) -> list[Front]:
    parts = (tuple(each for each in several if each.nominal is kind) for kind in (False, True))
    return [Front(part, image_source(fronts_svg(part)), costs(part)) for part in parts if part]
