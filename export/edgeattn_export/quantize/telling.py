"""Of many inputs the few that reach about as far inside a graph as all of them do.

A search makes hundreds of graphs out of one, and all that flows in each is to be ranged. What drives a value
far in the float graph does so in the others, so that most inputs need not be looked at again.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import onnx_ir as ir

from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Inputs
from edgeattn_export.quantize.ranges import ranges_by_trial

NEAR = 0.1  # of how far a value reaches in all trials: so near to it is as far


def telling(model: ir.Model, trials: Iterable[Inputs], engine: Engine) -> tuple[Inputs, ...]:
    """Choose trials that together drive every float value nearly as far as all do, on either side of 0.

    A set cover, chosen greedily (Chvatal 1979): first the trial that suffices for the most ends of ranges,
    then that which suffices for the most of the rest.

    Args:
        model: The float graph.
        trials: Inputs for it, at least one.
        engine: What runs it.
    """
    every = tuple(trials)
    ranges = [tuple(found.values()) for found in ranges_by_trial(model, every, engine)]
    ends = np.abs(np.array(ranges)).reshape(len(every), -1)  # (trials, 2 x values)
    suffices = ends >= (1 - NEAR) * ends.max(axis=0)
    chosen: list[int] = []
    left = np.ones(ends.shape[1], bool)
    while left.any() or not chosen:
        best = int((suffices & left).sum(axis=1).argmax())
        chosen.append(best)
        left &= ~suffices[best]
    return tuple(every[i] for i in sorted(chosen))
