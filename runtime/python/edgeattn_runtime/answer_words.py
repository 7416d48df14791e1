"""What a call returned, in words: labels or forecasts of the bundle, else how its arrays begin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.model import Model

_BEST = 5  # labels shown of one answer
_FIRST = 6  # numbers shown of an array or a forecast


def answer_words(model: Model, outputs: Arrays) -> Iterator[str]:
    """Yield a line for each of the likeliest labels, for each series that is forecast, or for each output."""
    processing = model.manifest.processing
    if processing is not None and processing.series is not None and processing.series.output is not None:
        yield from _forecasts(processing.series.names, model.forecast(outputs))
        return
    if processing is None or processing.labels is None:
        yield from (_array(name, array) for name, array in outputs.items())
        return
    rows = model.labels(outputs)
    best = rows[0][:_BEST] if len(rows) == 1 else [row[0] for row in rows]
    width = max(len(label.name) for label in best)
    yield from (f"{label.name:{width}}  {label.value:.4g}" for label in best)


def _forecasts(names: Sequence[str], forecasts: NDArray[np.float64]) -> Iterator[str]:
    width = max(map(len, names))
    for forecast in forecasts:
        for name, values in zip(names, forecast, strict=True):
            yield f"{name:{width}}  {_numbers(values)}"


def _array(name: str, array: NDArray[Any]) -> str:
    return f"{name}: {array.dtype}{list(array.shape)} {_numbers(array)}"


def _numbers(array: NDArray[Any]) -> str:
    numbers = " ".join(f"{number:.4g}" for number in array.flat[:_FIRST])
    return f"{numbers} ..." if array.size > _FIRST else numbers
