"""The ladder of strategies to export a module with all its axes free, the cheapest first.

To add one, yield it where its cost belongs. The first that is proven is taken, see ``proof``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from edgeattn_export.capture.strategies.comparison import export_by_comparison
from edgeattn_export.capture.strategies.request import Mode, Program, Sizes, TraceRequest
from edgeattn_export.graph.shapes import sizes_of

_BY_SIZE = "Exported at {}: at the longest sample's sizes forward decides by them otherwise."
_STRICT = "Exported from forward's bytecode (strict mode), as forward makes a number of a size."
_COMPARED = "Exported at several sizes and compared, as forward makes numbers or tables of a size."
KEPT_NUMBERS = (  # of Mode.KEEP
    "Forward makes numbers of values: they stay free, and count as 2 or more where forward decides by them."
)
LONGEST = (  # of Mode.LENGTHS, for each input of lengths
    "The longest of {name} must be the size of {symbol} in every call, as in all samples: forward makes a "
    "number of it."
)


def rungs(request: TraceRequest) -> Iterator[tuple[Callable[[], Program], tuple[str, ...]]]:
    """Yield what the strategies of a request's mode make, in turn, with its notes."""
    by_comparison = partial(export_by_comparison, request), (_COMPARED,)
    yield partial(request.exported, request.longest), ()
    if request.mode is Mode.LENGTHS:
        # What is a number of the longest length is one at any single size, and in bytecode.
        yield by_comparison
    for sizes in _other_sizes(request):
        listed = ", ".join(f"{symbol} {size}" for symbol, size in sizes.items())
        yield partial(request.exported, sizes), (_BY_SIZE.format(listed),)
    if request.mode is not Mode.LENGTHS:
        yield partial(request.exported, request.longest, strict=True), (_STRICT,)
        yield by_comparison


def _other_sizes(request: TraceRequest) -> list[Sizes]:
    """Return sizes that the module takes: one more than the longest, the middle sample's, the shortest's."""
    longest = request.longest
    one_more = {symbol: size + 1 for symbol, size in longest.items()}
    by_size = sorted(request.samples, key=lambda sample: sum(sizes_of(sample.inputs, request.axes).values()))
    candidates = [one_more, *(request.sizes(by_size[at]) for at in (len(by_size) // 2, 0))]
    distinct = [sizes for i, sizes in enumerate(candidates) if sizes not in (longest, *candidates[:i])]
    return [sizes for sizes in distinct if request.takes(sizes)]
