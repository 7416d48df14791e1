"""The strategies to export a module with all its axes free, the cheapest first.

1. Run on symbols for sizes, at the longest sample's sizes.
2. The same at other sizes: what forward decides by a size may go a way there that holds for all.
3. Read from Python's bytecode, where ``int`` of a size stays a symbol (torch.export's strict mode).
4. Exported at several sizes and compared, and what follows a size computed from it: the second where forward
   makes a number of lengths.

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

EVEN_MULTIPLE = 8  # of which two sizes are multiples: what is a half or a quarter of a size is exact there
THIRD_OFFSET = 5  # beyond the smallest is the third size, where it shows which way a quotient is rounded
BATCH_ROWS = (2, 4, 3)  # in a batch
FEWEST, MOST = 2, 3  # sizes that are compared
MORE_SIZES = 3  # sizes that the second strategy tries


def export_by_comparison(request: TraceRequest) -> Program:
    """Export a module with every axis free that it fixes, by comparing exports at several sizes.

    Raises:
        CaptureError: As ``generalized`` does; or the module takes no second size.
    """
    sizes: dict[str, tuple[int, ...]] = {}
    for symbol in request.axes.symbols:
        sizes[symbol] = _sizes(request, symbol, {choices[0] for choices in sizes.values()})
    first = {symbol: choices[0] for symbol, choices in sizes.items()}
    program = request.exported(request.module, first)
    axes = (*request.fixed_axes(program), *request.length_axes(first))
    fixed = {axis.symbol: axis for axis in reversed(axes)}
    module = _freed_module(request, first, program, sizes, list(fixed.values()))
    return request.exported(module, first)


def _freed_module(
    request: TraceRequest,
    at: Mapping[str, int],
    program: Program | None,
    sizes: Mapping[str, Sequence[int]],
    fixed_axes: Sequence[FixedAxis],
) -> fx.GraphModule:
    """Return the module's graph at some sizes, with these axes freed, the last one last.

    Args:
        request: The module.
        at: The sizes.
        program: The module exported at them, where it is already.
        sizes: By symbol, those that are compared.
        fixed_axes: To be freed.
    """
    if not fixed_axes:
        return (program or request.exported(request.module, at)).module(check_guards=False)
    *others, axis = fixed_axes
    graphs: dict[int, fx.GraphModule] = {}
    for size in sizes[axis.symbol]:
        known = program if size == at[axis.symbol] else None
        graphs[size] = _freed_module(request, {**at, axis.symbol: size}, known, sizes, others)
    return generalized(graphs, request.samples.names.index(axis.input), axis.axis)


def _sizes(request: TraceRequest, symbol: str, used: Collection[int]) -> tuple[int, ...]:
    """Return the sizes of an axis at which exports are compared: up to three that the module takes."""
    observed = sorted({sizes_of(sample.inputs, request.axes)[symbol] for sample in request.samples})
    even = -(-observed[-1] // EVEN_MULTIPLE) * EVEN_MULTIPLE
    while even in used:
        even += EVEN_MULTIPLE
    candidates = (
        (even, 2 * even, even + THIRD_OFFSET, *reversed(observed))
        if symbol != request.axes.batch
        else BATCH_ROWS
    )
    takes = (size for size in dict.fromkeys(candidates) if request.takes({symbol: size}))
    accepted = tuple(islice(takes, MOST))
    if len(accepted) < FEWEST:
        sizes = " and ".join(map(str, accepted)) or "no size"
        raise CaptureError(f"the module takes {sizes} as {symbol}; two sizes expected, to compare them")
    return accepted


@dataclass(frozen=True, slots=True)
class Strategy:
    """What makes a program, and the note for the report where it was used; empty for the first."""

    program: Callable[[], Program]
    note: str = ""


def strategies(request: TraceRequest) -> Iterator[Strategy]:
    """Yield the strategies in turn. The caller proves what one makes, and takes the next where that fails."""
    module, longest = request.module, request.longest
    compared = Strategy(
        partial(export_by_comparison, request),
        "Exported at several sizes and compared, as forward makes numbers or tables of a size.",
    )
    yield Strategy(partial(request.exported, module, longest))
    if request.lengths:  # what is a number of their longest is one at any size, and in bytecode
        yield compared
    yield from _at_other_sizes(request)
    if not request.lengths:
        yield Strategy(
            partial(request.exported, module, longest, strict=True),
            "Exported from forward's bytecode (strict mode), as forward makes a number of a size.",
        )
        yield compared


def _at_other_sizes(request: TraceRequest) -> Iterator[Strategy]:
    for sizes in _other_sizes(request, request.longest):
        sizes_text = ", ".join(f"{symbol} {size}" for symbol, size in sizes.items())
        yield Strategy(
            partial(request.exported, request.module, sizes),
            f"Exported at {sizes_text}: at the longest sample's sizes forward decides by them otherwise.",
        )


def _other_sizes(request: TraceRequest, longest: Mapping[str, int]) -> list[dict[str, int]]:
    """Return other sizes of an example: one more than the longest, the middle sample's, the shortest's."""
    one_more = {symbol: size + 1 for symbol, size in longest.items()}
    by_size = sorted(request.samples, key=lambda sample: sum(sizes_of(sample.inputs, request.axes).values()))
    candidates = [one_more, *(request.sizes(by_size[at]) for at in (len(by_size) // 2, 0))]
    distinct = {
        tuple(sizes.items()): sizes for sizes in candidates if sizes != longest and request.takes(sizes)
    }
    return list(distinct.values())[:MORE_SIZES]
