"""The shortest, the longest, and odd batches."""

from __future__ import annotations

from collections.abc import Iterator

from edgeattn_export.graph.edge_cases.case import Case, Ground
from edgeattn_export.graph.shapes import shaped, sizes_of

BATCHES = (3, 7)  # rows: odd, as kernels treat pairs and fours of them at once
LONGER = 2  # times the longest sample, where the contract has no end
MOST = 2048  # positions: the memory of attention grows with their square


def sized(ground: Ground) -> Iterator[Case]:
    """Yield inputs of sizes at the ends of the contract, one symbol at a time."""
    batch = ground.axes.batch
    for symbol in ground.axes.symbols:
        for size in _batches(ground) if symbol == batch else _ends(ground, symbol):
            if ground.symbols[symbol].allows(size):
                inputs = shaped(ground.samples, ground.axes, {symbol: size})
                yield Case(f"{symbol} {size}", inputs)


def _batches(ground: Ground) -> tuple[int, ...]:
    return BATCHES[:1] if ground.by_row else BATCHES


def _ends(ground: Ground, symbol: str) -> list[int]:
    """Return the least and the largest size of a symbol; positions beyond the samples' cannot be made up."""
    seen = max(sizes_of(sample.inputs, ground.axes)[symbol] for sample in ground.samples)
    allowed = ground.symbols[symbol]
    longest = min(allowed.max or LONGER * seen, max(MOST, seen))
    counted = [t for t in ground.graph.inputs if t.name in ground.derived and symbol in t.dims]
    return sorted({max(allowed.min, 1), seen if counted else longest})
