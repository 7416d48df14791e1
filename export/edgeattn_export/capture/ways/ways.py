"""The ways to export a module with all its axes free, the cheapest first.

1. Run on symbols for sizes, at the longest sample's sizes.
2. The same at other sizes: what forward decides by a size may go a way there that holds for all.
3. Read from Python's bytecode, where ``int`` of a size stays a symbol (torch.export's strict mode).
4. Exported at several sizes and compared, and what follows a size computed from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from edgeattn_export.capture.ways.asked import Asked, Program
from edgeattn_export.capture.ways.freed import freed
from edgeattn_export.graph.shapes import sizes_of

OTHERS = 3  # sizes that the second way tries


@dataclass(frozen=True, slots=True)
class Way:
    """A way to a program, and what the report says where it was taken; empty for the first."""

    program: Callable[[], Program]
    note: str = ""


def ways(asked: Asked) -> Iterator[Way]:
    """Yield the ways in turn. Whoever goes one proves what it leads to, and goes on where that fails."""
    module, longest = asked.module, asked.longest
    yield Way(partial(asked.exported, module, longest))
    for sizes in _others(asked, longest):
        told = ", ".join(f"{symbol} {size}" for symbol, size in sizes.items())
        yield Way(
            partial(asked.exported, module, sizes),
            f"Exported at {told}: at the longest sample's sizes forward decides by them otherwise.",
        )
    yield Way(
        partial(asked.exported, module, longest, strict=True),
        "Exported from forward's bytecode (strict mode), as forward makes a number of a size.",
    )
    yield Way(
        partial(freed, asked),
        "Exported at several sizes and compared, as forward makes numbers or tables of a size.",
    )


def _others(asked: Asked, longest: Mapping[str, int]) -> list[dict[str, int]]:
    """Return other sizes of an example: one more than the longest, the middle sample's, the shortest's."""
    one_more = {symbol: size + 1 for symbol, size in longest.items()}
    by_size = sorted(asked.samples, key=lambda sample: sum(sizes_of(sample.inputs, asked.axes).values()))
    tried = [one_more, *(asked.sizes(by_size[at]) for at in (len(by_size) // 2, 0))]
    distinct = {tuple(sizes.items()): sizes for sizes in tried if sizes != longest and asked.takes(sizes)}
    return list(distinct.values())[:OTHERS]
