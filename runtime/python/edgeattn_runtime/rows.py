"""What the manifest says of a model whose rows are independent, and whether its graph can keep it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.fields import Field
from edgeattn_runtime.graph import Graph, Symbol, Tensor


@dataclass(frozen=True, slots=True)
class Padding:
    """The input that tells padding, (batch, sequence), and what it holds at a padded position: 0 or 1."""

    mask: str
    hidden: int


@dataclass(frozen=True, slots=True)
class Stack:
    """How many rows of at most these sizes, by symbol, one call takes for the least time a row."""

    sizes: Mapping[str, int]
    rows: int


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of the main graph are independent: each is answered the same alone, and without its padding.

    Attributes:
        batch: The symbol that leads all inputs and outputs and counts the rows.
        padding: How padding is told; None where the model has none, or must keep it.
        stacks: From the smallest sizes to the largest; rows beyond them run one by one.
    """

    batch: str
    padding: Padding | None
    stacks: tuple[Stack, ...] = ()

    def together(self, sizes: Mapping[str, int]) -> int:
        """Return how many rows of these sizes, by symbol, to run in one call."""
        for stack in self.stacks:
            if all(sizes[symbol] <= most for symbol, most in stack.sizes.items()):
                return stack.rows
        return 1


def read_rows(field: Field) -> Rows:
    """Read the manifest's ``rows``."""
    fields = field.record(*Rows.__dataclass_fields__)
    padding = fields["padding"]
    return Rows(
        batch=fields["batch"].text(),
        padding=None if padding.value is None else _padding(padding),
        stacks=tuple(_stack(item) for item in fields["stacks"].items()),
    )


def check_rows(rows: Rows, graph: Graph, symbols: Mapping[str, Symbol]) -> None:
    """Check that the main graph's rows can be told apart and its answers put together again.

    Every dim of the graph must be known to be in ``symbols``.

    Raises:
        BundleError: In one line, the key at fault, what was found there and what was expected.
    """
    for tensor in (*graph.inputs, *graph.outputs):
        if tensor.dims[:1] != (rows.batch,) or tensor.dims.count(rows.batch) > 1:
            raise BundleError(f"rows.batch: {tensor} found, {rows.batch!r} expected to lead it and no more")
    known = row_symbols(graph.inputs)
    for symbol in row_symbols(graph.outputs):
        if symbol not in known:
            raise BundleError(f"rows: an output with a dim {symbol!r} found, a symbol of the inputs expected")
    if symbols[rows.batch].min != 1:
        raise BundleError(f"symbols.{rows.batch}.min: {symbols[rows.batch].min} found, 1 expected by rows")
    if rows.padding is not None:
        _check_padding(rows.padding, graph)
    for i, stack in enumerate(rows.stacks):
        _check_stack(f"rows.stacks[{i}]", stack, known, symbols[rows.batch])


def row_symbols(tensors: Iterable[Tensor]) -> tuple[str, ...]:
    """Return every symbol of ``tensors`` but the batch, once, in order of appearance."""
    dims = (dim for tensor in tensors for dim in tensor.dims[1:] if isinstance(dim, str))
    return tuple(dict.fromkeys(dims))


def _padding(field: Field) -> Padding:
    fields = field.record("mask", "hidden")
    hidden = fields["hidden"].integer(0)
    if hidden > 1:
        raise fields["hidden"].refusal("0 or 1")
    return Padding(fields["mask"].text(), hidden)


def _stack(field: Field) -> Stack:
    fields = field.record("sizes", "rows")
    sizes = {symbol: size.integer(1) for symbol, size in fields["sizes"].table().items()}
    return Stack(sizes, fields["rows"].integer(1))


def _check_padding(padding: Padding, graph: Graph) -> None:
    masks = [tensor for tensor in graph.inputs if tensor.name == padding.mask]
    if not masks:
        names = ", ".join(tensor.name for tensor in graph.inputs)
        raise BundleError(f"rows.padding.mask: {padding.mask!r} found, one of {names} expected")
    if len(masks[0].dims) != 2 or not isinstance(masks[0].dims[1], str):
        raise BundleError(f"rows.padding.mask: {masks[0]} found, a batch of symbolic length expected")


def _check_stack(key: str, stack: Stack, known: tuple[str, ...], batch: Symbol) -> None:
    if sorted(stack.sizes) != sorted(known):
        found, expected = (", ".join(names) or "none" for names in (stack.sizes, known))
        raise BundleError(f"{key}.sizes: {found} found, {expected} expected as in the inputs")
    if batch.max is not None and stack.rows > batch.max:
        raise BundleError(f"{key}.rows: {stack.rows} found, at most {batch.max} expected as in symbols")
