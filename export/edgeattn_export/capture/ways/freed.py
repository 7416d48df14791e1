"""Exports at several sizes, compared, and what follows a size computed from it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice

from torch import fx

from edgeattn_export.capture.ways.asked import Asked, Fixed, Program
from edgeattn_export.capture.ways.compare import compared
from edgeattn_export.graph.shapes import sizes_of
from edgeattn_runtime.errors import CaptureError

EVEN = 8  # of which two sizes are multiples: what is a half or a quarter of a size is exact there
AMID = 5  # beyond the smallest is the third size, where it shows which way a quotient is rounded
ROWS = (2, 4, 3)  # in a batch
FEWEST, MOST = 2, 3  # sizes that are compared


def freed(asked: Asked) -> Program:
    """Export a module with every axis free that it fixes, by comparing exports at several sizes.

    Raises:
        CaptureError: As ``compared`` does; or the module takes no second size.
    """
    sizes: dict[str, tuple[int, ...]] = {}
    for symbol in asked.axes.symbols:
        sizes[symbol] = _sizes(asked, symbol, {found[0] for found in sizes.values()})
    first = {symbol: found[0] for symbol, found in sizes.items()}
    fixed = {axis.symbol: axis for axis in reversed(asked.fixed(asked.exported(asked.module, first)))}
    module = _module(asked, first, sizes, list(fixed.values()))
    return asked.exported(module, first)


def _module(
    asked: Asked, at: Mapping[str, int], sizes: Mapping[str, Sequence[int]], fixed: Sequence[Fixed]
) -> fx.GraphModule:
    """Return the module's graph at some sizes, with the axes ``fixed`` freed, the last one last."""
    if not fixed:
        return asked.exported(asked.module, at).module(check_guards=False)
    *others, axis = fixed
    graphs = dict(_graphs(asked, at, sizes, others, axis))
    return compared(graphs, asked.samples.names.index(axis.input), axis.axis)


def _graphs(
    asked: Asked,
    at: Mapping[str, int],
    sizes: Mapping[str, Sequence[int]],
    others: Sequence[Fixed],
    axis: Fixed,
) -> Iterator[tuple[int, fx.GraphModule]]:
    for size in sizes[axis.symbol]:
        yield size, _module(asked, {**at, axis.symbol: size}, sizes, others)


def _sizes(asked: Asked, symbol: str, taken: Collection[int]) -> tuple[int, ...]:
    """Return the sizes of an axis at which exports are compared: up to three that the module takes."""
    seen = sorted({sizes_of(sample.inputs, asked.axes)[symbol] for sample in asked.samples})
    even = -(-seen[-1] // EVEN) * EVEN
    while even in taken:
        even += EVEN
    tried = (even, 2 * even, even + AMID, *reversed(seen)) if symbol != asked.axes.batch else ROWS
    takes = (size for size in dict.fromkeys(tried) if asked.takes({symbol: size}))
    found = tuple(islice(takes, MOST))
    if len(found) < FEWEST:
        raise CaptureError(f"the module takes {' and '.join(map(str, found)) or 'nothing'} as {symbol} alone")
    return found
