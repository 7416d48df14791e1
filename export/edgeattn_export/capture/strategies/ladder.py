"""The ladder of strategies to export a module with all its axes free, the cheapest first.

To add one, write its record where its cost belongs. The first that is proven is taken, see ``proof``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from edgeattn_export.capture.strategies.comparison import export_by_comparison
from edgeattn_export.capture.strategies.request import Mode, Program, Sizes, TraceRequest
from edgeattn_export.graph.shapes import sizes_of


@dataclass(frozen=True, slots=True)
class Strategy:
    """A rung of the ladder.

    Attributes:
        mode: The modes of tracing in which it is tried.
        applies: Returns the sizes of the examples to try it on, in turn; none where it does not apply.
        program: Exports the module on an example of such sizes.
        note: For the report where it was used, ``{sizes}`` those of its example; empty for the first.
    """

    mode: Mode
    applies: Callable[[TraceRequest], Sequence[Sizes]]
    program: Callable[[TraceRequest, Sizes], Program]
    note: str = ""


def _at_longest(request: TraceRequest) -> Sequence[Sizes]:
    return (request.longest,)


def _at_other_sizes(request: TraceRequest) -> Sequence[Sizes]:
    """Return sizes that the module takes: one more than the longest, the middle sample's, the shortest's."""
    longest = request.longest
    one_more = {symbol: size + 1 for symbol, size in longest.items()}
    by_size = sorted(request.samples, key=lambda sample: sum(sizes_of(sample.inputs, request.axes).values()))
    candidates = [one_more, *(request.sizes(by_size[at]) for at in (len(by_size) // 2, 0))]
    distinct = [sizes for i, sizes in enumerate(candidates) if sizes not in (longest, *candidates[:i])]
    return [sizes for sizes in distinct if request.takes(sizes)]


def _by_comparison(request: TraceRequest, _: Sizes) -> Program:
    return export_by_comparison(request)


_on_symbols = TraceRequest.exported
_from_bytecode = partial(TraceRequest.exported, strict=True)

_BY_SIZE = "Exported at {sizes}: at the longest sample's sizes forward decides by them otherwise."
_STRICT = "Exported from forward's bytecode (strict mode), as forward makes a number of a size."
_COMPARED = "Exported at several sizes and compared, as forward makes numbers or tables of a size."
KEPT_NUMBERS = (  # of Mode.KEEP
    "Forward makes numbers of values: they stay free, and count as 2 or more where forward decides by them."
)
LONGEST = (  # of Mode.LENGTHS, for each input of lengths
    "The longest of {name} must be the size of {symbol} in every call, as in all samples: forward makes a "
    "number of it."
)
LADDER = (
    Strategy(Mode.REFUSE | Mode.KEEP | Mode.LENGTHS, _at_longest, _on_symbols),
    # What is a number of the longest length is one at any single size, and in bytecode.
    Strategy(Mode.LENGTHS, _at_longest, _by_comparison, _COMPARED),
    Strategy(Mode.REFUSE | Mode.KEEP | Mode.LENGTHS, _at_other_sizes, _on_symbols, _BY_SIZE),
    Strategy(Mode.REFUSE | Mode.KEEP, _at_longest, _from_bytecode, _STRICT),
    Strategy(Mode.REFUSE | Mode.KEEP, _at_longest, _by_comparison, _COMPARED),
)


def rungs(request: TraceRequest) -> Iterator[tuple[Callable[[], Program], tuple[str, ...]]]:
    """Yield what the strategies of a request's mode make, in turn, with its notes."""
    for strategy in (strategy for strategy in LADDER if request.mode in strategy.mode):
        for sizes in strategy.applies(request):
            note = strategy.note.format(sizes=", ".join(f"{symbol} {size}" for symbol, size in sizes.items()))
            yield partial(strategy.program, request, sizes), (note,) if note else ()
