"""What users meet besides the samples: sizes, padding and values at the ends of the contract.

To add an edge case, yield it where the contract has it: among sizes, padding, lengths or values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from statistics import median_low

import numpy as np
from numpy.typing import NDArray

from edgeattn_export.graph.axes import Axes
from edgeattn_export.graph.padding import is_flag
from edgeattn_export.graph.samples import Inputs, Samples, stratified
from edgeattn_export.graph.shapes import filled, sized_inputs, sizes_of
from edgeattn_runtime.bundle.generation import Generation
from edgeattn_runtime.bundle.rows import Padding, Rows
from edgeattn_runtime.graph import Graph, Symbol, Tensor

BATCHES = (3, 7)  # rows: odd, as kernels treat pairs and fours of them at once
LENGTHENED = 2  # times the longest sample, where the contract has no end
LONGEST_SEQUENCE = 2048  # positions: the memory of attention grows with their square
BATCH_ROWS = 3  # of a batch, where the graph is given several at once
SHORTEST_SEQUENCE = 6  # positions, of which some are padded and some are not
Array = NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class EdgeInputs:
    """Inputs with a name.

    Attributes:
        name: What is special about them.
        inputs: For all runners.
        alone: The last row without its padding, which the original answers instead; None for all inputs.
        beyond: Whether no real input is like it: what int8 answers is reported, and fails nothing.
    """

    name: str
    inputs: Inputs
    alone: Inputs | None = None
    beyond: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeBasis:
    """What edge cases are derived from.

    Attributes:
        graph: The contract of the whole model.
        symbols: The sizes that its dims may take.
        axes: The inputs' axes.
        samples: Real ones, whose rows are cut and joined.
        padding: How padding is marked; None where no input marks it.
        rows: What is proven of its rows; None where nothing is.
        generation: What makes it step; None where it does not.
        by_row: Whether int8 is given one row at a time, so that several show nothing more of it.
    """

    graph: Graph
    symbols: Mapping[str, Symbol]
    axes: Axes
    samples: Samples
    padding: Padding | None
    rows: Rows | None
    generation: Generation | None = None
    by_row: bool = False

    @property
    def batch(self) -> str | None:
        """The symbol of the batch, where it may hold several rows."""
        symbol = self.axes.batch
        return symbol if symbol is not None and self.symbols[symbol].allows(2) else None

    @property
    def derived(self) -> frozenset[str]:
        """Inputs that a model which steps does not read, as it knows them by the number of tokens."""
        if self.generation is None:
            return frozenset()
        read_inputs = {self.generation.tokens, *self.generation.sources}
        return frozenset(tensor.name for tensor in self.graph.inputs) - read_inputs


def size_cases(basis: EdgeBasis) -> Iterator[EdgeInputs]:
    """Yield inputs of sizes at the ends of the contract, one symbol at a time."""
    batch = basis.axes.batch
    for symbol in basis.axes.symbols:
        for size in _batches(basis) if symbol == batch else _extreme_sizes(basis, symbol):
            if basis.symbols[symbol].allows(size):
                inputs = sized_inputs(basis.samples, basis.axes, {symbol: size})
                yield EdgeInputs(f"{symbol} {size}", inputs)


def _batches(basis: EdgeBasis) -> tuple[int, ...]:
    return BATCHES[:1] if basis.by_row else BATCHES


def _extreme_sizes(basis: EdgeBasis, symbol: str) -> list[int]:
    """Return the least and the largest size of a symbol; positions beyond the samples' cannot be made up."""
    longest_sample = max(sizes_of(sample.inputs, basis.axes)[symbol] for sample in basis.samples)
    allowed = basis.symbols[symbol]
    longest = min(allowed.max or LENGTHENED * longest_sample, max(LONGEST_SEQUENCE, longest_sample))
    counted = [t for t in basis.graph.inputs if t.name in basis.derived and symbol in t.dims]
    return sorted({max(allowed.min, 1), longest_sample if counted else longest})


def padding_cases(basis: EdgeBasis) -> Iterator[EdgeInputs]:
    """Yield inputs of median length with padding in them; none where no input marks padding."""
    if basis.padding is None:
        return
    mask = next(tensor for tensor in basis.graph.inputs if tensor.name == basis.padding.mask)
    sequence = str(mask.dims[1])
    length = max(median_low(len(s.inputs[mask.name][0]) for s in basis.samples), SHORTEST_SEQUENCE)
    if not basis.symbols[sequence].allows(length):
        return
    sizes = {sequence: length} | ({basis.batch: 1 if basis.by_row else BATCH_ROWS} if basis.batch else {})
    whole, third = sized_inputs(basis.samples, basis.axes, sizes), length // 3
    yield EdgeInputs("right padding", _masked(whole, basis.padding, slice(None), slice(-third, None)))
    if mask.name not in basis.derived:  # a model that steps knows only padding behind its tokens
        yield EdgeInputs("left padding", _masked(whole, basis.padding, slice(None), slice(third)))
    if basis.batch and not basis.by_row:
        yield EdgeInputs("one padded row", _masked(whole, basis.padding, slice(-1, None), slice(third, None)))
    one_left = _masked(whole, basis.padding, slice(-1, None), slice(1, None))
    yield EdgeInputs("a row masked out but for one position", one_left)
    if basis.batch and basis.rows is not None and basis.rows.padding is not None:
        inputs = _masked(whole, basis.padding, slice(-1, None), slice(length - third, None))
        yield EdgeInputs("padding invariance", inputs, _last_row(basis, inputs, sequence, length - third))


def _masked(whole: Inputs, padding: Padding, rows: slice, positions: slice) -> Inputs:
    """Return inputs with these positions of these rows masked out, and no others."""
    mask = np.full_like(whole[padding.mask], 1 - padding.masked_out)
    mask[rows, positions] = padding.masked_out
    return {**whole, padding.mask: mask}


def _last_row(basis: EdgeBasis, inputs: Inputs, sequence: str, length: int) -> Inputs:
    """Return only the last row, cut to its first positions."""
    row = {}
    for tensor in basis.graph.inputs:
        cut = tuple(slice(length) if dim == sequence else slice(None) for dim in tensor.dims[1:])
        row[tensor.name] = inputs[tensor.name][(slice(-1, None), *cut)]
    return row


def length_cases(basis: EdgeBasis) -> Iterator[EdgeInputs]:
    """Yield a batch of median length with short rows and a whole one: only short rows would fill no axis."""
    if basis.batch is None:
        return
    for name, symbol in basis.axes.lengths.items():
        every = [sample.inputs[name] for sample in basis.samples]
        sizes = {symbol: median_low(int(lengths.max()) for lengths in every), basis.batch: BATCH_ROWS}
        inputs = sized_inputs(basis.samples, basis.axes, sizes)
        lengths = np.full_like(inputs[name], min(lengths.min() for lengths in every))
        if lengths.ndim:
            lengths[-1] = sizes[symbol]
            yield EdgeInputs(f"{name} short but for one", filled({**inputs, name: lengths}, basis.axes))


def value_cases(basis: EdgeBasis) -> Iterator[EdgeInputs]:
    """Yield a sample of median size, one input of which holds other values."""
    every = [sample.inputs for sample in basis.samples]
    (middle,) = stratified(every, 1)
    for tensor in basis.graph.inputs:
        name, array = tensor.name, middle[tensor.name]
        if name in basis.derived or array.dtype.kind == "b" or is_flag(tensor, every):
            continue
        if name in basis.axes.lengths:  # whose longest is given
            continue
        if _has_positions(tensor):
            yield EdgeInputs(
                f"{name} repeated", {**middle, name: np.repeat(array[:, :1], array.shape[1], axis=1)}
            )
        extremes = _scaled if array.dtype.kind == "f" else _filled
        arrays = [inputs[name] for inputs in every]
        for word, extreme in extremes(array, arrays):
            yield EdgeInputs(f"{name} at its {word}", {**middle, name: extreme})
        if array.dtype.kind == "f":  # which a static range clips everywhere at once
            for word, extreme in _filled(array, arrays):
                yield EdgeInputs(f"all of {name} at its {word}", {**middle, name: extreme}, beyond=True)


def _filled(array: Array, every: Sequence[Array]) -> Iterator[tuple[str, Array]]:
    """Yield what holds the smallest, or the largest, number seen at all positions; infinities stay."""
    finite = [values[np.isfinite(values)] for values in every]
    nonempty = [values for values in finite if values.size]
    if not nonempty:
        return
    least, largest = min(values.min() for values in nonempty), max(values.max() for values in nonempty)
    if least < largest:
        for word, extreme in (("smallest", least), ("largest", largest)):
            yield word, np.where(np.isfinite(array), extreme, array).astype(array.dtype)


def _scaled(array: Array, every: Sequence[Array]) -> Iterator[tuple[str, Array]]:
    """Yield an input as faint, and as strong, as any seen; all of it at one end would be no real input."""
    own, reaches = _reach(array), [_reach(values) for values in every]
    for word, reach in (("faintest", min(reaches)), ("strongest", max(reaches))):
        if reach != own and own > 0:
            yield word, np.multiply(array, reach / own, dtype=array.dtype)


def _reach(array: Array) -> float:
    """Return how far from 0 an input's numbers lie at most."""
    return float(np.abs(array[np.isfinite(array)]).max(initial=0.0))


def _has_positions(tensor: Tensor) -> bool:
    return len(tensor.dims) > 1 and isinstance(tensor.dims[1], str)


def edge_cases(basis: EdgeBasis) -> Iterator[EdgeInputs]:
    """Yield the edge cases of a contract; none where an axis is packed, as its sizes follow from values."""
    if not basis.axes.packed:
        yield from chain(size_cases(basis), padding_cases(basis), length_cases(basis), value_cases(basis))
