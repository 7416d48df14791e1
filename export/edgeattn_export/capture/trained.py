"""What training has quantized of a model: which layers' weights lie on a grid, and what of it is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trained:
    """The layers that have a grid of their own. Their weights tell the steps.

    Attributes:
        layers: Names of PyTorch modules, and of weights as the float graph has them: an ONNX file tells of no
            modules.
        notes: What cannot be taken over and why, a line each.
    """

    layers: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.layers)


FLOAT_TRAINED = Trained()  # as most models are

NAMED_LAYERS = 3  # layers that a note names at most


def lost_grids(layers: Sequence[str], reason: str) -> tuple[str, ...]:
    """Return a note on layers that have no trained grid for one reason; none on none."""
    if not layers:
        return ()
    more = f" and {len(layers) - NAMED_LAYERS} more" if len(layers) > NAMED_LAYERS else ""
    named = ", ".join(map(repr, layers[:NAMED_LAYERS])) + more
    return (f"No trained grid for {named}, where the search takes over: {reason}.",)
