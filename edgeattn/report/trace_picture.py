"""Where the loss comes from, as a picture: each module's own error, and how it adds up through the model."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from edgeattn.report.graph_words import module_name
from edgeattn.report.number_words import LEAST_ERROR
from edgeattn.report.svg import PALE, svg
from edgeattn.results.trace import ModuleError, Trace

_WIDTH, _ROW = 576.0, 12.0  # points: of the picture, and of a module
_ABOVE, _BELOW, _RIGHT, _LETTER = 26.0, 34.0, 14.0, 5.0  # points: around the axes, and of a letter of a name
_BLUE, _RED, _GREY = "#2f6fb3", "#b3261e", "#7a8693"


def trace_svg(trace: Trace) -> bytes:
    """Draw a trace, modules in the order in which PyTorch runs them; the same trace gives the same bytes."""
    return svg(lambda: _drawn(sorted(trace.modules, key=lambda error: error.order)))


def _drawn(errors: Sequence[ModuleError]) -> Figure:
    names = [module_name(error.module) for error in errors]
    height, left = _ABOVE + _ROW * len(errors) + _BELOW, 12 + _LETTER * max(map(len, names))
    across = max(_WIDTH, left + 2 * _WIDTH / 3)
    picture = Figure(figsize=(across / 72, height / 72))
    FigureCanvasSVG(picture)
    box = (left / across, _BELOW / height, (across - left - _RIGHT) / across, _ROW * len(errors) / height)
    axes = picture.add_axes(box)
    _set_axes(axes, names)
    rows = range(len(errors))
    for row, error in zip(rows, errors, strict=True):
        _draw_error(axes, row, error)
    accumulated = [_at_least(it.in_int8.accumulated if it.in_int8 else None) for it in errors]
    axes.plot(accumulated, rows, color=_GREY, linewidth=1)
    axes.set_xlim(left=LEAST_ERROR)
    axes.set_title(
        "dot: introduced by int8    line: accumulated    |: introduced by float", loc="left", size=9
    )
    return picture


def _draw_error(axes: Axes, row: int, error: ModuleError) -> None:
    own, in_float = error.in_int8.introduced if error.in_int8 else LEAST_ERROR, error.in_float.introduced
    color = _RED if error.faults else _BLUE
    if own > LEAST_ERROR:
        axes.plot([LEAST_ERROR, own], [row, row], color=color, linewidth=1)
        axes.plot([own], [row], color=color, marker="o", markersize=5)
    if in_float > LEAST_ERROR:
        axes.plot([in_float], [row], color=_RED, marker="|", linestyle="", markersize=7)


def _set_axes(axes: Axes, names: Sequence[str]) -> None:
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=PALE, alpha=0.4, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel("relative error to PyTorch (further left is better)")


def _at_least(error: float | None) -> float:
    return LEAST_ERROR if error is None else max(LEAST_ERROR, error)
