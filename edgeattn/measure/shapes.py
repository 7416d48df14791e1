"""The shapes that a benchmark runs: a grid from the command line, and samples cut and joined to a shape."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from numpy.typing import NDArray

from edgeattn_runtime.bundle.manifest import Graph, Symbol
from edgeattn_runtime.engine.system import available_memory_mb
from edgeattn_runtime.errors import BadInput

MOST_POINTS = 64  # points of a grid
Arrays = Mapping[str, NDArray[Any]]
SCORE_BYTES = 4  # float32


def parse_shapes(items: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Read sizes: ``SYMBOL=SIZE``, or several of them joined by commas.

    Raises:
        BadInput: An item of another form, a size or a symbol given twice.
    """
    sizes: dict[str, tuple[int, ...]] = {}
    for item in items:
        symbol, _, text = (part.strip() for part in item.partition("="))
        if not symbol or not text:
            raise BadInput(f"shape {item!r}: SYMBOL=SIZE expected, such as sequence=128 or sequence=16,128")
        if symbol in sizes:
            raise BadInput(f"shape {symbol}: given twice, once expected; leave one out")
        sizes[symbol] = _numbers(f"shape {item!r}", text)
    return sizes


def parse_threads(text: str) -> tuple[int, ...]:
    """Read numbers of intra-op threads, such as ``1,2,4``.

    Raises:
        BadInput: What is no number above 0, or given twice.
    """
    counts = _numbers(f"threads {text!r}", text)
    if 0 in counts:
        raise BadInput(f"threads {text!r}: 0 found, at least 1 expected")
    return counts


def grid_points(shapes: Mapping[str, Sequence[int]]) -> list[dict[str, int]]:
    """Return every combination of sizes; without any, one that leaves the samples as they are.

    Raises:
        BadInput: There are more than ``MOST_POINTS``.
    """
    grid = [dict(zip(shapes, sizes, strict=True)) for sizes in product(*shapes.values())]
    if len(grid) > MOST_POINTS:
        raise BadInput(
            f"shape: {len(grid)} combinations found, at most {MOST_POINTS} expected; leave some out"
        )
    return grid


def _numbers(label: str, text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise BadInput(f"{label}: whole numbers expected, joined by commas, such as 1,8")
    numbers = tuple(map(int, parts))
    if len(set(numbers)) < len(numbers):
        raise BadInput(f"{label}: a number given twice, each once expected; leave one out")
    return numbers


def benchmark_inputs(
    inputs: Sequence[Arrays],
    graph: Graph,
    symbols: Mapping[str, Symbol],
    sizes: Mapping[str, int],
    *,
    heads: int,
) -> list[Arrays]:
    """Return the inputs themselves, or a single one of them cut and joined to ``sizes``.

    Args:
        inputs: Real ones, at least one.
        graph: The contract, which names the axes.
        symbols: Their bounds.
        sizes: By symbol; empty leaves the inputs as they are.
        heads: The most that one attention has.

    Raises:
        BadInput: A symbol that the graph does not have, or a size that is out of its bounds, or that no
            memory here can hold.
    """
    if not sizes:
        return list(inputs)
    for symbol, size in sizes.items():
        if symbol in symbols and not symbols[symbol].allows(size):
            expected = symbols[symbol]
            raise BadInput(f"shape: {symbol}={size} found, {expected} expected by the bundle's contract")
    from edgeattn_export.graph.axes import Axes  # PyTorch comes along: only where it is needed
    from edgeattn_export.graph.samples import Sample, Samples
    from edgeattn_export.graph.shapes import sized_inputs

    lengths = {tensor.name: tensor.lengths_of for tensor in graph.inputs if tensor.lengths_of is not None}
    axes = Axes({tensor.name: tensor.dims for tensor in graph.inputs}, lengths=lengths)
    rows = sizes.get(axes.batch or "", 1)
    _check_memory(sizes, {dim for dims in axes.dims.values() for dim in dims[1:]}, rows * heads)
    return [dict(sized_inputs(Samples(tuple(map(Sample, inputs))), axes, sizes))]


def _check_memory(sizes: Mapping[str, int], inner: Collection[int | str], heads: int) -> None:
    """Refuse a length at which one attention's scores, (batch * heads, S, S), are more than the memory."""
    available = available_memory_mb()
    for symbol, size in sizes.items():
        needed = SCORE_BYTES * heads * size * size / 1e6
        if symbol in inner and available is not None and needed > available:
            raise BadInput(
                f"shape: {symbol}={size} found; the scores of one attention take {needed:,.0f} MB, and "
                f"{available:,.0f} MB are available; ask for a shorter one"
            )
