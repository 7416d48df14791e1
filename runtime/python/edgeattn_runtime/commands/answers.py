"""What ``run`` prints of an answer for a person: predictions, labels, forecasts, or how the arrays begin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.model import Model
from edgeattn_runtime.processing import Prediction, Processing

_BEST = 5  # labels shown of one answer
_FIRST = 6  # numbers shown of an array or a forecast


def answer_lines(
    model: Model, outputs: Arrays, given: Mapping[str, object], *, raw: bool = False
) -> Iterator[str]:
    """Yield the lines of an answer."""
    processing = (None if raw else model.manifest.processing) or Processing()
    if processing.series is not None and processing.series.output is not None:
        yield from _forecasts(processing.series.names, model.forecast(outputs))
    elif processing.prediction is not None and processing.prediction_needs <= given.keys():
        yield from _predictions(model.predictions(outputs, **given), pixels="size" in given)
    elif processing.labels is not None and processing.prediction is None:
        rows = model.labels(outputs)
        best = rows[0][:_BEST] if len(rows) == 1 else [row[0] for row in rows]
        yield from _columns([(label.name, f"{label.value:.4g}") for label in best])
    else:
        yield from (_array(name, array) for name, array in outputs.items())


def _predictions(rows: Sequence[Sequence[Prediction]], *, pixels: bool) -> Iterator[str]:
    """Yield a line a prediction: of a class the likeliest; of several rows one of each, or all and a gap."""
    ranked = all(rows) and all(each.text is None and each.box is None for row in rows for each in row)
    if ranked:
        rows = [rows[0][:_BEST]] if len(rows) == 1 else [[row[0] for row in rows]]
    elif all(len(row) == 1 for row in rows):
        rows = [[row[0] for row in rows]]
    for i, row in enumerate(rows):
        yield from [""] if i else []
        yield from _columns([[*_cells(each, pixels=pixels)] for each in row]) if row else ["nothing found"]


def _cells(prediction: Prediction, *, pixels: bool) -> Iterator[str]:
    if prediction.text is not None:
        yield " ".join(prediction.text.split("\n"))
    if prediction.label is not None:
        yield prediction.label
    if prediction.score is not None:
        yield f"{prediction.score:.4f}"
    if prediction.box is not None:
        yield " ".join(f"{side:.0f}" if pixels else f"{side:.4f}" for side in prediction.box)
    if prediction.span is not None:
        yield " ".join(map(str, prediction.span))


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows of as many cells each as lines, the columns aligned."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip(" ")


def _forecasts(names: Sequence[str], forecasts: NDArray[np.float64]) -> Iterator[str]:
    yield from _columns(
        [
            (name, _numbers(values))
            for forecast in forecasts
            for name, values in zip(names, forecast, strict=True)
        ]
    )


def _array(name: str, array: NDArray[Any]) -> str:
    return f"{name}: {array.dtype}{list(array.shape)} {_numbers(array)}"


def _numbers(array: NDArray[Any]) -> str:
    numbers = " ".join(f"{number:.4g}" for number in array.flat[:_FIRST])
    return f"{numbers} ..." if array.size > _FIRST else numbers
