"""How many tokens a module's own cache holds, read off how what it returns grows: no layout is assumed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from edgeattn_export.capture.own_cache.own import OwnCache
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_export.graph.shapes import shaped
from edgeattn_export.graph.tree import tensors_in
from edgeattn_runtime.errors import ModelError

Dims = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Lengths:
    """Reads the lengths of a cache's tensors.

    Attributes:
        cache: Whose.
        samples: Real inputs.
        axes: By tensor of the cache, the axis that one token more makes longer; None where there is none.
    """

    cache: OwnCache
    samples: Samples
    axes: tuple[int | None, ...]

    @classmethod
    def of(cls, cache: OwnCache, samples: Samples) -> Lengths:
        """Find the axes by texts of one and of two tokens."""
        pairs = zip(*(_dims_after(cache, samples, length) for length in (1, 2)), strict=True)
        return cls(cache, samples, tuple(_grown(one, two) for one, two in pairs))

    def in_past(self, sample: Sample) -> tuple[int, ...] | None:
        """Return the lengths that a sample's past has, or None where its tensors are not the cache's."""
        return self._read(dims_of(sample.past.get(name) for name in self.cache.taken))

    def after(self, tokens: int) -> tuple[int, ...] | None:
        """Return the lengths after a text of so many tokens, or None where the module takes no such text."""
        try:
            return self._read(_dims_after(self.cache, self.samples, tokens))
        except ModelError:
            return None

    def _read(self, found: tuple[Dims, ...]) -> tuple[int, ...] | None:
        pairs = tuple(zip(found, self.axes, strict=False))
        if len(found) != len(self.axes) or any(
            axis is not None and axis >= len(dims) for dims, axis in pairs
        ):
            return None
        return tuple(dims[axis] for dims, axis in pairs if axis is not None)


def dims_of(values: Iterable[object]) -> tuple[Dims, ...]:
    """Return the dims of all tensors that values hold."""
    return tuple(tuple(tensor.shape) for tensor in chain.from_iterable(map(tensors_in, values)))


def _dims_after(cache: OwnCache, samples: Samples, tokens: int) -> tuple[Dims, ...]:
    sequence = cache.text.axes.dims[cache.text.tokens][1]
    inputs = shaped(samples, cache.text.axes, {sequence: tokens} if isinstance(sequence, str) else {})
    (pieces,) = cache.walk(inputs, (inputs[cache.text.tokens].shape[1],))
    return dims_of(pieces[name] for name in cache.returned)


def _grown(one: Dims, two: Dims) -> int | None:
    return next((axis for axis, (a, b) in enumerate(zip(one, two, strict=True)) if a != b), None)
