"""How many rows to run together: measured at the sizes that real rows have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from edgeattn.measure.cost import Way, cheapest
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs, stratified
from edgeattn_runtime.contract import bind
from edgeattn_runtime.manifest import Graph, Symbol
from edgeattn_runtime.many import stacked
from edgeattn_runtime.rows import Rows, row_symbols
from edgeattn_runtime.stacks import Stack
from edgeattn_runtime.turns import Turns, timed

TOGETHER = (1, 2, 4, 8)  # rows in a call
SIZES = 4  # of rows measured at most, from the smallest to the largest
MARGIN = 0.05  # of a row's cost, that a stack must save: alone a row is answered a little more exactly


def measure_stacks(
    rows: Rows,
    graph: Graph,
    symbols: Mapping[str, Symbol],
    real: Iterable[Inputs],
    model: Runner,
    *,
    threads: int,
    turns: Turns = timed,
) -> tuple[Stack, ...]:
    """Return how many rows of which sizes to run in one call, from the smallest sizes to the largest.

    Args:
        rows: What is known of the model's rows.
        graph: Its contract.
        symbols: The bounds of its symbols.
        real: Real rows without their padding, as batches of one.
        model: The int8 model, opened as a device will.
        threads: How many it was opened with.
        turns: Times its calls where they run.
    """
    names, most = row_symbols(graph.inputs), symbols[rows.batch].max
    counts = [count for count in TOGETHER if most is None or count <= most]
    measured: dict[tuple[int, ...], Stack] = {}
    for arrays in stratified(real, SIZES):
        bound = bind(graph.inputs, arrays)
        sizes = {name: bound[name] for name in names}
        if tuple(sizes.values()) not in measured:
            together = _together(arrays, counts, model, threads, turns)
            measured[tuple(sizes.values())] = Stack(sizes, together)
    return tuple(_merged(measured.values()))


def _together(arrays: Inputs, counts: Sequence[int], model: Runner, threads: int, turns: Turns) -> int:
    """Return how many rows to run in a call: more than two are tried only where two gain something."""
    few = counts[:2]
    for tried in (few, counts) if len(counts) > len(few) else (few,):
        ways = {count: Way(model.bind(stacked([arrays] * count)), count) for count in tried}
        best = cheapest(ways, 1, margin=MARGIN, threads=threads, turns=turns)
        if best == 1:
            break
    return best


def _merged(stacks: Iterable[Stack]) -> Iterable[Stack]:
    """Leave out what the next entry says as well, the last one being: beyond, one by one."""
    for stack, after in pairwise((*stacks, Stack({}, 1))):
        within = all(size <= after.sizes.get(name, size) for name, size in stack.sizes.items())
        if stack.rows != after.rows or not within:
            yield stack
