"""What training has quantized of a model: which layers' weights lie on a grid, and what of it is lost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trained:
    """The layers that have a grid of their own. Their weights tell the steps.

    Attributes:
        layers: Names of PyTorch modules; of an ONNX file, of layers.
        notes: What cannot be taken over and why, a line each.
    """

    layers: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.layers)


FLOAT_TRAINED = Trained()  # as most models are
