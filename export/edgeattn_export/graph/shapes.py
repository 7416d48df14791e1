"""Real samples cut and joined to a shape, for whoever needs one that no sample has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import cycle

import numpy as np
from numpy.typing import NDArray

from edgeattn_export.graph.axes import Axes, Dims
from edgeattn_export.graph.samples import Inputs, Samples
from edgeattn_runtime.errors import SampleError

Array = NDArray[np.generic]


def sized_inputs(samples: Samples, axes: Axes, sizes: Mapping[str, int]) -> Inputs:
    """Return inputs of the asked sizes, made of the samples' rows in their order.

    Rows are joined along a symbol until its size is reached and then cut; a batch stacks such rows. Symbols
    that ``sizes`` leaves out keep the first sample's size. Lengths are cut to the size of their symbol, which
    the longest of them then is. Where an axis is packed, a sample that has these sizes is returned as it is:
    no other need suit the values by which it is packed.

    Args:
        samples: Real inputs.
        axes: Their dynamic axes.
        sizes: Sizes by symbol, such as ``{"batch": 8, "sequence": 128}``; each at least 1.

    Raises:
        SampleError: A symbol that the model does not have, or a size below 1.
    """
    _check_sizes(axes, sizes)
    target_sizes = {**sizes_of(samples[0].inputs, axes), **sizes}
    if axes.packed:
        for sample in samples:
            if sizes_of(sample.inputs, axes) == target_sizes:
                return sample.inputs
    rows = cycle(_rows(samples, axes))
    batch = [_row(rows, axes, target_sizes) for _ in range(target_sizes.get(axes.batch or "", 1))]
    stacked = {
        name: _stack([row[name] for row in batch], axes.dims[name], axes.batch) for name in samples.names
    }
    return filled(stacked, axes)


def filled(inputs: Inputs, axes: Axes) -> Inputs:
    """Return inputs whose lengths are at most the size of their symbol, the longest of them all of it."""
    sizes = sizes_of(inputs, axes)
    return {**inputs, **{name: _filled(inputs[name], sizes[axes.lengths[name]]) for name in axes.lengths}}


def _filled(lengths: Array, size: int) -> Array:
    cut = np.minimum(lengths, size, dtype=lengths.dtype)
    return np.where(cut == cut.max(), size, cut).astype(lengths.dtype)


def sizes_of(inputs: Inputs, axes: Axes) -> dict[str, int]:
    """Return the size that each symbol has in ``inputs``."""
    return {
        dim: size
        for name, dims in axes.dims.items()
        for dim, size in zip(dims, inputs[name].shape, strict=True)
        if isinstance(dim, str)
    }


def _check_sizes(axes: Axes, sizes: Mapping[str, int]) -> None:
    for symbol, size in sizes.items():
        if symbol not in axes.symbols:
            axis_names = ", ".join(axes.symbols) or "none"
            raise SampleError(
                f"shape: no dynamic axis {symbol!r}; the model has {axis_names}; name one of them"
            )
        if size < 1:
            raise SampleError(f"shape: {symbol}={size} found; expected at least 1")


def _rows(samples: Samples, axes: Axes) -> Iterator[Inputs]:
    for sample in samples:
        for row in range(sizes_of(sample.inputs, axes).get(axes.batch or "", 1)):
            yield {
                name: value[row : row + 1] if axes.batch in axes.dims[name] else value
                for name, value in sample.inputs.items()
            }


def _row(rows: Iterator[Inputs], axes: Axes, target_sizes: Mapping[str, int]) -> Inputs:
    inner = [symbol for symbol in axes.symbols if symbol != axes.batch]
    parts = [next(rows)]
    while any(sum(sizes_of(part, axes)[symbol] for part in parts) < target_sizes[symbol] for symbol in inner):
        parts.append(next(rows))
    return {
        name: _cut([part[name] for part in parts], dims, target_sizes, inner)
        for name, dims in axes.dims.items()
    }


def _cut(parts: list[Array], dims: Dims, target_sizes: Mapping[str, int], inner: list[str]) -> Array:
    along = [axis for axis, dim in enumerate(dims) if dim in inner]
    joined = np.concatenate(parts, axis=along[0]) if len(along) == 1 else parts[0]
    for axis in along:  # where two axes grow at once, as in a mask of queries by keys, the first row repeats
        joined = np.take(joined, np.arange(target_sizes[str(dims[axis])]) % joined.shape[axis], axis=axis)
    return joined


def _stack(rows: list[Array], dims: Dims, batch: str | None) -> Array:
    return np.asarray(np.concatenate(rows, axis=0) if batch in dims else rows[0], order="C")
