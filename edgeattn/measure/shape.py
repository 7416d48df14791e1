"""The inputs that a benchmark runs on: samples as they are, or cut and joined to a shape."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.manifest import Graph, Symbol
from edgeattn_runtime.memory import available_memory_mb

Arrays = Mapping[str, NDArray[Any]]

SCORE_BYTES = 4  # float32


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
        _check_size(symbol, size, symbols)
    from edgeattn_export.graph.axes import Axes  # PyTorch comes along: only where it is needed
    from edgeattn_export.graph.samples import Sample, Samples
    from edgeattn_export.graph.shapes import shaped

    axes = Axes({tensor.name: tensor.dims for tensor in graph.inputs})
    rows = sizes.get(axes.batch or "", 1)
    _check_memory(sizes, {dim for dims in axes.dims.values() for dim in dims[1:]}, rows * heads)
    return [dict(shaped(Samples(tuple(map(Sample, inputs))), axes, sizes))]


def _check_size(symbol: str, size: int, symbols: Mapping[str, Symbol]) -> None:
    if symbol in symbols and not symbols[symbol].allows(size):
        raise BadInput(f"shape: {symbol}={size} found, {symbols[symbol]} expected by the bundle's contract")


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
