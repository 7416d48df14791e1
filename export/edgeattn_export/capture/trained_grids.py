"""What training has quantized of a model: whose weights lie on a grid, and how far inputs reach on theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Reach = tuple[float, float]  # the numbers of the lowest and the highest step


@dataclass(frozen=True, slots=True)
class Trained:
    """The layers that have a grid of their own. Their weights determine the steps.

    Attributes:
        layers: Names of PyTorch modules, and of weights as the float graph has them: an ONNX file names no
            modules.
        reaches: By the same names, between which numbers the layer's input was rounded, where that is known.
        weights: By their names in the float graph, what a file rounds them to; empty where they lie there.
        notes: What cannot be taken over and why, a line each.
    """

    layers: frozenset[str] = frozenset()
    reaches: Mapping[str, Reach] = field(default_factory=dict)
    weights: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.layers)


def reach_of(step: float, zero: int, lowest: int, highest: int) -> Reach:
    """Return how far a grid reaches whose stored numbers go from lowest to highest; ``zero`` stands for 0."""
    return (lowest - zero) * step, (highest - zero) * step


FLOAT_TRAINED = Trained()  # as most models are

NAMED_LAYERS = 3  # layers that a note names at most


def lost_grids(layers: Sequence[str], reason: str) -> tuple[str, ...]:
    """Return a note on layers that have no trained grid for one reason; none on none."""
    if not layers:
        return ()
    more = f" and {len(layers) - NAMED_LAYERS} more" if len(layers) > NAMED_LAYERS else ""
    named = ", ".join(map(repr, layers[:NAMED_LAYERS])) + more
    return (f"No trained grid for {named}, where the search takes over: {reason}.",)
