"""How far the values inside a graph reach, on real samples and on the same with positions masked out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Inputs
from edgeattn_export.graph.taps import tapped

HIDDEN = -1e29  # what a score below it weighs is 0: it tells nothing of how far scores reach


class Range(NamedTuple):
    """The smallest and the largest number of a value; 0 lies between them."""

    low: float
    high: float

    def joined(self, other: Range) -> Range:
        """Return the range of both."""
        return Range(min(self.low, other.low), max(self.high, other.high))

    def wider(self, share: float) -> Range:
        """Return the range with so much of it more at either end that is not 0."""
        return Range(self.low * (1 + share), self.high * (1 + share))


NOTHING = Range(0.0, 0.0)

Ranges = dict[str, Range]  # by the value's name


def ranges_of(model: ir.Model, trials: Iterable[Inputs], engine: Engine) -> Ranges:
    """Run a graph, one trial at a time, and return the range of each float value in it, its inputs included.

    What a mask hides, numbers below ``HIDDEN`` and infinities, is left out.
    """
    found: Ranges = {}
    for ranges in ranges_by_trial(model, trials, engine):
        found = {name: range_.joined(found.get(name, NOTHING)) for name, range_ in ranges.items()}
    return found


def ranges_by_trial(model: ir.Model, trials: Iterable[Inputs], engine: Engine) -> Iterator[Ranges]:
    """Yield what ``ranges_of`` joins, trial by trial."""
    given = [value.name or "" for value in model.graph.inputs if value.dtype is ir.DataType.FLOAT]
    made = [
        value.name or "" for node in model.graph for value in node.outputs if value.dtype is ir.DataType.FLOAT
    ]
    answer = engine.runner(tapped(model, made))
    for inputs in trials:
        values = {**inputs, **answer(inputs)}
        yield {name: _of(np.asarray(values[name])) for name in (*given, *made)}


def _of(value: NDArray[np.generic]) -> Range:
    numbers = value.astype(np.float32, copy=False)
    shown = numbers[np.isfinite(numbers) & (numbers > HIDDEN)]
    return Range(float(shown.min(initial=0.0)), float(shown.max(initial=0.0)))
