"""Independent rows: their entry in the manifest, and how many of them to run in one call.

Every check raises BundleError, which names the key, what was found there and what was expected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Annotated

from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.fields import Positive, Record, integer
from edgeattn_runtime.graph import Graph, Symbol, Tensor, symbols_of


@dataclass(frozen=True, slots=True)
class Padding(Record):
    """The input that marks padding, (batch, sequence), and what it holds at a padded position: 0 or 1."""

    mask: str
    masked_out: Annotated[int, integer(0, 1)]


@dataclass(frozen=True, slots=True)
class Rows(Record):
    """Rows of the main graph are independent: each gives the same answer on its own, and without its padding.

    Attributes:
        batch: The symbol that leads all inputs and outputs and counts the rows.
        padding: How padding is marked; None where the model has none, or must keep it.
    """

    batch: str
    padding: Padding | None

    def sequence(self, graph: Graph) -> str | None:
        """Return the symbol of the positions that may be padded, the mask's second dim; None without one."""
        if self.padding is None:
            return None
        return next(str(tensor.dims[1]) for tensor in graph.inputs if tensor.name == self.padding.mask)


def check_rows(rows: Rows, graph: Graph, symbols: Mapping[str, Symbol]) -> None:
    """Check that the main graph's rows can be separated and its answers put together again.

    Every dim of the graph must be known to be in ``symbols``.
    """
    for tensor in (*graph.inputs, *graph.outputs):
        if tensor.dims[:1] != (rows.batch,) or tensor.dims.count(rows.batch) > 1:
            raise BundleError(f"rows.batch: {tensor} found, {rows.batch!r} expected to lead it and no more")
    expected = frozenset(row_symbols(graph.inputs))
    for symbol in row_symbols(graph.outputs):
        if symbol not in expected:
            raise BundleError(f"rows: an output with a dim {symbol!r} found, a symbol of the inputs expected")
    if rows.batch not in symbols:  # of a graph without inputs and outputs
        raise BundleError(f"rows.batch: {rows.batch!r} found, one of symbols expected")
    if symbols[rows.batch].min != 1:
        raise BundleError(f"symbols.{rows.batch}.min: {symbols[rows.batch].min} found, 1 expected by rows")
    if rows.padding is not None:
        _check_padding(rows.padding, graph)


def row_symbols(tensors: Iterable[Tensor]) -> tuple[str, ...]:
    """Return every symbol of a row, once, in order of appearance: all of ``tensors`` but the batch."""
    return symbols_of(Tensor(tensor.name, tensor.dtype, tensor.dims[1:]) for tensor in tensors)


def _check_padding(padding: Padding, graph: Graph) -> None:
    masks = [tensor for tensor in graph.inputs if tensor.name == padding.mask]
    if not masks:
        names = ", ".join(tensor.name for tensor in graph.inputs)
        raise BundleError(f"rows.padding.mask: {padding.mask!r} found, one of {names} expected")
    if len(masks[0].dims) != 2 or not isinstance(masks[0].dims[1], str):
        raise BundleError(f"rows.padding.mask: {masks[0]} found, a batch of symbolic length expected")


@dataclass(frozen=True, slots=True)
class Stack(Record):
    """How many rows of at most these sizes, by symbol, one call takes for the least time a row."""

    sizes: Mapping[str, Positive]
    rows: Positive


def rows_per_call(stacks: Iterable[Stack], sizes: Mapping[str, int]) -> int:
    """Return how many rows of these sizes, by symbol, to run in one call: the first stack that holds them."""
    for stack in stacks:
        if all(sizes[symbol] <= most for symbol, most in stack.sizes.items()):
            return stack.rows
    return 1


def check_stack(key: str, stack: Stack, symbols: Set[str], batch: Symbol) -> None:
    """Check that a stack counts rows by the symbols that they have; raises BundleError."""
    if stack.sizes.keys() != symbols:
        actual, expected = (", ".join(names) or "none" for names in (stack.sizes, symbols))
        raise BundleError(f"{key}.sizes: {actual} found, {expected} expected as in the inputs")
    if not batch.allows(stack.rows):
        raise BundleError(f"{key}.rows: {stack.rows} found, {batch} expected as in symbols")
