"""The strategies to export a module with all its axes free, the cheapest first.

1. Run on symbols for sizes, at the longest sample's sizes.
2. The same at other sizes: what forward decides by a size may go a way there that holds for all.
3. Read from Python's bytecode, where ``int`` of a size stays a symbol (torch.export's strict mode).
4. Exported at several sizes and compared, and what follows a size computed from it.

To add one, yield it from ``strategies`` where its cost belongs. Each is proven, see ``proof``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from torch import fx

from edgeattn_export.capture.strategies.comparison import generalized
from edgeattn_export.capture.strategies.request import FixedAxis, Program, TraceRequest
from edgeattn_export.graph.shapes import sizes_of
from edgeattn_runtime.errors import CaptureError

EVEN = 8  # of which two sizes are multiples: what is a half or a quarter of a size is exact there
AMID = 5  # beyond the smallest is the third size, where it shows which way a quotient is rounded
ROWS = (2, 4, 3)  # in a batch
FEWEST, MOST = 2, 3  # sizes that are compared


def export_by_comparison(asked: TraceRequest) -> Program:
    """Export a module with every axis free that it fixes, by comparing exports at several sizes.

    Raises:
        CaptureError: As ``generalized`` does; or the module takes no second size.
    """
    sizes: dict[str, tuple[int, ...]] = {}
    for symbol in asked.axes.symbols:
        sizes[symbol] = _sizes(asked, symbol, {found[0] for found in sizes.values()})
    first = {symbol: found[0] for symbol, found in sizes.items()}
    fixed = {axis.symbol: axis for axis in reversed(asked.fixed(asked.exported(asked.module, first)))}
    module = _module(asked, first, sizes, list(fixed.values()))
    return asked.exported(module, first)


def _module(
    asked: TraceRequest, at: Mapping[str, int], sizes: Mapping[str, Sequence[int]], fixed: Sequence[FixedAxis]
) -> fx.GraphModule:
    """Return the module's graph at some sizes, with the axes ``fixed`` freed, the last one last."""
    if not fixed:
        return asked.exported(asked.module, at).module(check_guards=False)
    *others, axis = fixed
    graphs = dict(_graphs(asked, at, sizes, others, axis))
    return generalized(graphs, asked.samples.names.index(axis.input), axis.axis)


def _graphs(
    asked: TraceRequest,
    at: Mapping[str, int],
    sizes: Mapping[str, Sequence[int]],
    others: Sequence[FixedAxis],
    axis: FixedAxis,
) -> Iterator[tuple[int, fx.GraphModule]]:
    for size in sizes[axis.symbol]:
        yield size, _module(asked, {**at, axis.symbol: size}, sizes, others)


def _sizes(asked: TraceRequest, symbol: str, taken: Collection[int]) -> tuple[int, ...]:
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


OTHERS = 3  # sizes that the second way tries


@dataclass(frozen=True, slots=True)
class Strategy:
    """A way to a program, and what the report says where it was taken; empty for the first."""

    program: Callable[[], Program]
    note: str = ""


def strategies(asked: TraceRequest) -> Iterator[Strategy]:
    """Yield the ways in turn. Whoever goes one proves what it leads to, and goes on where that fails."""
    module, longest = asked.module, asked.longest
    yield Strategy(partial(asked.exported, module, longest))
    for sizes in _others(asked, longest):
        told = ", ".join(f"{symbol} {size}" for symbol, size in sizes.items())
        yield Strategy(
            partial(asked.exported, module, sizes),
            f"Exported at {told}: at the longest sample's sizes forward decides by them otherwise.",
        )
    yield Strategy(
        partial(asked.exported, module, longest, strict=True),
        "Exported from forward's bytecode (strict mode), as forward makes a number of a size.",
    )
    yield Strategy(
        partial(export_by_comparison, asked),
        "Exported at several sizes and compared, as forward makes numbers or tables of a size.",
    )


def _others(asked: TraceRequest, longest: Mapping[str, int]) -> list[dict[str, int]]:
    """Return other sizes of an example: one more than the longest, the middle sample's, the shortest's."""
    one_more = {symbol: size + 1 for symbol, size in longest.items()}
    by_size = sorted(asked.samples, key=lambda sample: sum(sizes_of(sample.inputs, asked.axes).values()))
    tried = [one_more, *(asked.sizes(by_size[at]) for at in (len(by_size) // 2, 0))]
    distinct = {tuple(sizes.items()): sizes for sizes in tried if sizes != longest and asked.takes(sizes)}
    return list(distinct.values())[:OTHERS]
