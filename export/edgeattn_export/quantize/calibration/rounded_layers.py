"""Layers that took long to make, kept by what their numbers depend on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from edgeattn_export.quantize.arithmetic.grid import Grid
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.match import Layer
from edgeattn_export.quantize.techniques import TECHNIQUES

ROUNDED_BYTES = 640 * 2**20  # bytes of rounded layers


class Key(NamedTuple):
    """What a layer's numbers depend on, except the samples."""

    weight: str
    bias: str
    grid: Grid
    paired: bool
    calibrated: bool
    input_steps: int
    techniques: tuple[tuple[str, float], ...]

    @property
    def by_gram(self) -> bool:
        """Whether Gram matrices are needed."""
        return any(TECHNIQUES[name].by_gram for name, _ in self.techniques)

    @property
    def by_own_inputs(self) -> bool:
        """Whether the statistics are those of its own inputs."""
        return any(TECHNIQUES[name].by_own_inputs for name, _ in self.techniques)

    @property
    def by_histogram(self) -> bool:
        """Whether histograms are needed."""
        return any(TECHNIQUES[name].ranges for name, _ in self.techniques)


class OwnKey(NamedTuple):
    """What the numbers of a layer depend on that is treated by its own inputs.

    Attributes:
        key: Its own.
        before: The treated layers before it, each with its own.
        rewrites: Of embeddings.
    """

    key: Key
    before: tuple[tuple[Layer, Key], ...]
    rewrites: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class RoundedLayers:
    """The newest layers, in ``ROUNDED_BYTES`` of memory."""

    _by_key: dict[Key | OwnKey, Linear] = field(default_factory=dict, init=False)  # the oldest first

    def get(self, key: Key | OwnKey) -> Linear | None:
        """Return the layer of a key, or None where it is not kept."""
        return self._by_key.get(key)

    def keep(self, made: Iterable[tuple[Key | OwnKey, Linear]]) -> None:
        """Keep layers, and drop the oldest beyond the limit."""
        self._by_key.update(made)
        size = sum(map(_bytes, self._by_key.values()))
        while size > ROUNDED_BYTES:
            oldest = next(iter(self._by_key))
            size -= _bytes(self._by_key.pop(oldest))


def _bytes(linear: Linear) -> int:
    """Return what a layer holds outside of the graph, whose own weight is only read."""
    own = (linear.weight, linear.stored)
    return sum(array.nbytes for array in own if array is not None and array.flags.owndata)
