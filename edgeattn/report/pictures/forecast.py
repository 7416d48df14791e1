"""Series, both forecasts of them, the actual values, and the naive forecast: the last season again."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from edgeattn.report.pictures.answered_sample import BY_BUNDLE, BY_PYTORCH, AnsweredSample
from edgeattn.report.svg import INK, PALE
from edgeattn_runtime.processing import Series

_WIDTH, _ROW, _LEGEND = 7.0, 1.25, 0.4  # inches
_SEASONS = 3  # of what came before, as long as the forecast each
_Values = NDArray[np.float64]


def draw_forecast(sample: AnsweredSample, series: Series) -> Figure:
    """Draw an axis for each series, in its own unit."""
    name = series.output or ""
    past = series.forecast({name: sample.inputs[series.input]})[0]  # in the units of the output
    lines = [series.forecast({name: np.asarray(each[name])})[0] for each in (sample.original, sample.bundle)]
    horizon, target = lines[0].shape[1], _target(sample, series)
    rows = len(series.names)
    height = rows * _ROW + _LEGEND + 0.35
    figure = Figure((_WIDTH, height))
    for row, label in enumerate(series.names):
        bottom = (height - _LEGEND - (row + 1) * _ROW + 0.12) / height
        axes = figure.add_axes((0.1, bottom, 0.88, (_ROW - 0.32) / height))
        _draw_past(axes, past[row, -_SEASONS * horizon :])
        naive = np.resize(past[row, -horizon:], horizon)
        _draw(axes, naive, color=PALE, label="naive: the last season again", linewidth=2)
        if target is not None:
            _draw(axes, target[row], color=INK, label="actual", linestyle=":", linewidth=1.4)
        _draw(axes, lines[0][row], color=BY_PYTORCH, label="PyTorch", linewidth=2.2)
        _draw(axes, lines[1][row], color=BY_BUNDLE, label="the bundle", linewidth=1.1)
        axes.set_title(label, loc="left", fontsize=9.5, pad=2)
        axes.tick_params(labelbottom=row == rows - 1)
    axes.set_xlabel("steps from now", labelpad=1)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper center", ncols=len(labels), frameon=False, borderaxespad=0.2)
    return figure


def _draw_past(axes: Axes, values: _Values) -> None:
    axes.plot(range(-len(values) + 1, 1), values, color=INK, linewidth=0.9)
    axes.axvline(0, color=PALE, linewidth=0.8)
    axes.margins(x=0.01)


def _draw(axes: Axes, values: _Values, **look: object) -> None:
    axes.plot(range(1, len(values) + 1), values, **look)  # type: ignore[arg-type]


def _target(sample: AnsweredSample, series: Series) -> _Values | None:
    """Return the sample's target in the series' units, where it is of the forecast's form."""
    output = sample.original[series.output or ""]
    if sample.target is None or np.shape(sample.target) != output.shape:
        return None
    forecast: _Values = series.forecast({series.output or "": np.asarray(sample.target, np.float32)})[0]
    return forecast
