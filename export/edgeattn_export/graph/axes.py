"""Which axes of the inputs are dynamic: named by the user, or inferred from the samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

import numpy as np

from edgeattn_export.graph.samples import Samples
from edgeattn_runtime.errors import SampleError

BATCH = "batch"
SEQUENCE = "sequence"

Dims = tuple[int | str, ...]
Dynamic = Mapping[str, Sequence[str | int | None] | Mapping[int, str]]


@dataclass(frozen=True, slots=True)
class Axes:
    """Per input, its dims: a size where it is fixed, a symbol's name where it is dynamic.

    Attributes:
        dims: By input.
        packed: Symbols that lead inputs and are no batch: how long they are follows from values, as that of
            patches packed one behind the other does from a grid.
        lengths: Inputs that hold lengths along a symbol, by name: their longest is its size.
    """

    dims: Mapping[str, Dims]
    packed: frozenset[str] = frozenset()
    lengths: Mapping[str, str] = field(default_factory=dict)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Every symbol once, in order of appearance."""
        named = (dim for dims in self.dims.values() for dim in dims if isinstance(dim, str))
        return tuple(dict.fromkeys(named))

    @property
    def batch(self) -> str | None:
        """The symbol along which samples are stacked: it leads inputs, and is no other axis of any."""
        leading = {dims[0] for dims in self.dims.values() if dims and isinstance(dims[0], str)}
        inner = {dim for dims in self.dims.values() for dim in dims[1:]}
        return next((symbol for symbol in self.symbols if symbol in leading - inner - self.packed), None)

    def place(self, symbol: str) -> tuple[str, int]:
        """Return the first input that has a symbol, and the axis that is called so."""
        return next((name, dims.index(symbol)) for name, dims in self.dims.items() if symbol in dims)


def infer_axes(samples: Samples, dynamic: Dynamic | None) -> Axes:
    """Name the dynamic axes.

    Without ``dynamic``, an axis whose size differs between samples is dynamic, and axes whose sizes agree in
    every sample share a symbol; axis 0 is the batch where all inputs agree on it in every sample, but for
    scalars and for a list (S,) as long as an inner axis of another input, such as one of positions.

    Args:
        samples: At least two.
        dynamic: Per input, its axes as ``("batch", "sequence", None)`` or ``{0: "batch"}``; None, or no
            mention, is fixed.

    Raises:
        SampleError: ``dynamic`` names an unknown input, no axes of one or more than it has, or leaves an
            axis fixed that differs between samples.
    """
    return _declared_axes(samples, dynamic) if dynamic else _inferred_axes(samples)


def with_lengths(axes: Axes, samples: Samples) -> Axes:
    """Return the axes with the inputs that hold lengths: lists of integers, or one, for all that is known.

    The largest number of each is the size of one symbol, not the batch, in every sample.
    """
    lengths = {
        name: symbol
        for name, dims in axes.dims.items()
        for symbol in axes.symbols
        if len(dims) <= 1 and symbol not in (*dims, axes.batch) and _fills(samples, axes, name, symbol)
    }
    return replace(axes, lengths=lengths)


def _fills(samples: Samples, axes: Axes, name: str, symbol: str) -> bool:
    """Say whether an input's largest number is a symbol's size in every sample."""
    source, axis = axes.place(symbol)
    return all(
        sample.inputs[name].dtype.kind in "iu"
        and int(np.max(sample.inputs[name])) == sample.inputs[source].shape[axis]
        for sample in samples
    )


def _inferred_axes(samples: Samples) -> Axes:
    sizes = {
        (name, axis): tuple(sample.inputs[name].shape[axis] for sample in samples)
        for name in samples.names
        for axis in range(samples[0].inputs[name].ndim)
    }
    ranks = [samples[0].inputs[name].ndim for name in samples.names]
    inner = {observed for (_, axis), observed in sizes.items() if axis}
    leading = {
        sizes[name, 0]
        for name, rank in zip(samples.names, ranks, strict=True)
        if rank > 1 or (rank == 1 and sizes[name, 0] not in inner)
    }
    symbols: dict[tuple[int, ...], str] = {}
    fresh = (SEQUENCE if i == 0 else f"{SEQUENCE}_{i + 1}" for i in count())

    def dim(name: str, axis: int) -> int | str:
        observed: tuple[int, ...] = sizes[name, axis]
        if axis == 0 and leading == {observed}:
            return BATCH
        if len(set(observed)) == 1:
            return observed[0]
        if observed not in symbols:
            symbols[observed] = next(fresh)
        return symbols[observed]

    return Axes(
        {
            name: tuple(dim(name, axis) for axis in range(rank))
            for name, rank in zip(samples.names, ranks, strict=True)
        }
    )


def _declared_axes(samples: Samples, dynamic: Dynamic) -> Axes:
    unknown = [name for name in dynamic if name not in samples.names]
    if unknown:
        raise SampleError(
            f"dynamic: {', '.join(unknown)} found; expected of {', '.join(samples.names)}; name one of them"
        )
    axes = Axes({name: _declared_dims(samples, name, dynamic.get(name, {})) for name in samples.names})
    _check_shared(samples, axes)
    return axes


def _declared_dims(
    samples: Samples, name: str, declared: Sequence[str | int | None] | Mapping[int, str]
) -> Dims:
    if isinstance(declared, str) or not isinstance(declared, Sequence | Mapping):
        raise SampleError(
            f"dynamic[{name!r}]: {declared!r} found, names of axes expected, such as ('batch', 'sequence')"
        )
    shape = samples[0].inputs[name].shape
    rank = len(shape)
    if isinstance(declared, Mapping):
        named: list[str | int | None] = [declared.get(axis) for axis in range(rank)]
        strays = [axis for axis in declared if axis not in range(rank)]
    else:
        named = [*declared, *[None] * (rank - len(declared))]
        strays = list(range(rank, len(declared)))
    if strays:
        raise SampleError(
            f"dynamic[{name!r}]: {declared!r} found, but its samples have rank {rank}; leave out the rest"
        )
    dims = tuple(
        symbol if isinstance(symbol, str) else size for symbol, size in zip(named, shape, strict=True)
    )
    _check_fixed(samples, name, dims)
    return dims


def _check_fixed(samples: Samples, name: str, dims: Dims) -> None:
    for axis, dim in enumerate(dims):
        observed = sorted({sample.inputs[name].shape[axis] for sample in samples})
        if isinstance(dim, int) and observed != [dim]:
            raise SampleError(
                f"dynamic[{name!r}]: axis {axis} is fixed, but goes from {observed[0]} to {observed[-1]} in "
                "the samples; name it"
            )


def _check_shared(samples: Samples, axes: Axes) -> None:
    for i, sample in enumerate(samples):
        sizes: dict[str, int] = {}
        for name, dims in axes.dims.items():
            for dim, size in zip(dims, sample.inputs[name].shape, strict=True):
                if isinstance(dim, str) and sizes.setdefault(dim, size) != size:
                    raise SampleError(
                        f"dynamic[{name!r}]: {dim} is {size} in sample {i}, but {sizes[dim]} elsewhere in "
                        "it; axes of one name have one size"
                    )
