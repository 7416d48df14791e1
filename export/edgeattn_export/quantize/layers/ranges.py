"""How far the values inside a graph reach, on real samples and on the same with positions masked out.

A search makes hundreds of graphs out of one, and all that flows in each is to be ranged. What drives a
value far in the float graph does so in the others, so that a few inputs which cover its ranges suffice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Inputs
from edgeattn_export.graph.values import with_outputs

MASKED_OUT = -1e29  # a score below it weighs 0, and does not count for how far scores reach
NEAR_SHARE = 0.1  # of how far a value reaches in all trials: so near to it is as far


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


class ChannelRange(NamedTuple):
    """The smallest and the largest number of each channel of a value (..., N); 0 lies between them."""

    low: NDArray[np.float32]
    high: NDArray[np.float32]

    def joined(self, other: ChannelRange) -> ChannelRange:
        """Return the range of both."""
        return ChannelRange(np.minimum(self.low, other.low), np.maximum(self.high, other.high))


NOTHING = Range(0.0, 0.0)

Ranges = dict[str, Range]  # by the value's name


def ranges_of(model: ir.Model, trials: Iterable[Inputs], engine: Engine) -> Ranges:
    """Run a graph, one trial at a time, and return the range of each float value in it, its inputs included.

    What is masked out, numbers below ``MASKED_OUT`` and infinities, is left out.
    """
    joined: Ranges = {}
    for ranges in ranges_by_trial(model, trials, engine):
        joined = {name: range_.joined(joined.get(name, NOTHING)) for name, range_ in ranges.items()}
    return joined


def ranges_by_trial(model: ir.Model, trials: Iterable[Inputs], engine: Engine) -> Iterator[Ranges]:
    """Yield what ``ranges_of`` joins, trial by trial."""
    fed = [value.name or "" for value in model.graph.inputs if value.dtype is ir.DataType.FLOAT]
    computed = [
        value.name or "" for node in model.graph for value in node.outputs if value.dtype is ir.DataType.FLOAT
    ]
    answer = engine.runner(with_outputs(model, computed))
    for inputs in trials:
        values = {**inputs, **answer(inputs)}
        yield {name: _range(np.asarray(values[name])) for name in (*fed, *computed)}


def channel_ranges(
    model: ir.Model, names: Iterable[str], trials: Iterable[Inputs], engine: Engine
) -> dict[str, ChannelRange]:
    """Run a graph, one trial at a time, and return the ranges of some values (..., N) by channel."""
    wanted = list(names)
    answer = engine.runner(with_outputs(model, wanted))
    joined: dict[str, ChannelRange] = {}
    for inputs in trials:
        outputs = answer(inputs)
        for name in wanted:
            rows = np.asarray(outputs[name], np.float32).reshape(-1, outputs[name].shape[-1])
            own = ChannelRange(rows.min(0, initial=0), rows.max(0, initial=0))
            joined[name] = own.joined(joined.get(name, own))
    return joined


def _range(value: NDArray[np.generic]) -> Range:
    numbers = value.astype(np.float32, copy=False)
    finite = numbers[np.isfinite(numbers) & (numbers > MASKED_OUT)]
    return Range(float(finite.min(initial=0.0)), float(finite.max(initial=0.0)))


def covering_inputs(model: ir.Model, trials: Iterable[Inputs], engine: Engine) -> tuple[Inputs, ...]:
    """Choose trials that together drive every float value nearly as far as all do, on either side of 0.

    A set cover, chosen greedily (Chvatal 1979): first the trial that suffices for the most ends of ranges,
    then that which suffices for the most of the rest.

    Args:
        model: The float graph.
        trials: Inputs for it, at least one.
        engine: What runs it.
    """
    all_trials = tuple(trials)
    ranges = [tuple(each.values()) for each in ranges_by_trial(model, all_trials, engine)]
    reaches = np.abs(np.array(ranges)).reshape(len(all_trials), -1)  # (trials, 2 x values)
    covers = reaches >= (1 - NEAR_SHARE) * reaches.max(axis=0)
    chosen: list[int] = []
    uncovered = np.ones(reaches.shape[1], bool)
    while uncovered.any() or not chosen:
        best = int((covers & uncovered).sum(axis=1).argmax())
        chosen.append(best)
        uncovered &= ~covers[best]
    return tuple(all_trials[i] for i in sorted(chosen))
