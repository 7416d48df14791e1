"""One module exported at several sizes of one axis -> its graph with that axis free again.

Before: view(x, [2, 8, 16]) at a size of 8, view(x, [2, 16, 16]) at 16; a table (8, 8) at 8, (16, 16) at 16
After:  view(x, [2, s, 16]), s the size of the input's axis; the larger table cut to (s, s)

Where all graphs have the same operators, a number that differs between them follows the size, and so does a
table of which the smaller is a part of the larger. The largest table bounds the size.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import islice
from operator import add, attrgetter, floordiv, mul
from typing import Any

import torch
from torch import Tensor, fx

from edgeattn_export.capture.strategies.request import FixedAxis, Program, TraceRequest
from edgeattn_export.capture.strategies.size_formula import (
    SizeFormula,
    TableSlice,
    size_formula,
    table_slices,
)
from edgeattn_export.capture.user_code import user_line_in
from edgeattn_export.graph.shapes import sizes_of
from edgeattn_runtime.errors import CaptureError

EVEN_MULTIPLE = 8  # of which two sizes are multiples: what is a half or a quarter of a size is exact there
THIRD_OFFSET = 5  # beyond the smallest is the third size, where it shows which way a quotient is rounded
BATCH_ROWS = (2, 4, 3)  # in a batch
FEWEST, MOST = 2, 3  # sizes that are compared


def export_by_comparison(request: TraceRequest) -> Program:
    """Export a module with every axis free that it fixes, by comparing exports at several sizes.

    Raises:
        CaptureError: As ``_generalized`` does; or the module takes no second size.
    """
    sizes: dict[str, tuple[int, ...]] = {}
    for symbol in request.axes.symbols:
        sizes[symbol] = _sizes(request, symbol, {choices[0] for choices in sizes.values()})
    first = {symbol: choices[0] for symbol, choices in sizes.items()}
    program = request.exported(first)
    # Of an axis that lengths fill, ``int`` of half of one fixes it but for 1.
    lengths = (FixedAxis(*request.axes.place(name), name, first[name]) for name in request.lengths.values())
    axes = (*request.fixed_axes(program), *lengths)
    fixed = {axis.symbol: axis for axis in reversed(axes)}
    module = _freed_module(request, first, program, sizes, list(fixed.values()))
    return request.exported(first, module)


def _freed_module(
    request: TraceRequest,
    at: Mapping[str, int],
    program: Program | None,
    sizes: Mapping[str, Sequence[int]],
    fixed_axes: Sequence[FixedAxis],
) -> fx.GraphModule:
    """Return the module's graph at some sizes, with these axes freed by comparing ``sizes``.

    ``program`` is the module exported at them, where it is already.
    """
    if not fixed_axes:
        return (program or request.exported(at)).module(check_guards=False)
    *others, axis = fixed_axes
    graphs: dict[int, fx.GraphModule] = {}
    for size in sizes[axis.symbol]:
        known = program if size == at[axis.symbol] else None
        graphs[size] = _freed_module(request, {**at, axis.symbol: size}, known, sizes, others)
    return _generalized(graphs, request.samples.names.index(axis.input), axis.axis)


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


def _generalized(graphs: Mapping[int, fx.GraphModule], source: int, axis: int) -> fx.GraphModule:
    """Return the graph of the largest size, all that follows the size computed from it.

    Args:
        graphs: By size: exports of one module that differ only in the size of one axis. The largest is
            changed where it stands.
        source: Which input has the axis.
        axis: Which one it is.

    Raises:
        CaptureError: The module branches by the size, or a number or a table follows the size in no way that
            is known. The message names the user's line.
    """
    largest = graphs[max(graphs)]
    columns = _columns(graphs)
    freed = _FreedGraph(largest, source, axis)
    for nodes in columns:
        node = nodes[max(nodes)]
        if node.op == "get_attr":
            freed.table(
                node, {size: attrgetter(str(each.target))(graphs[size]) for size, each in nodes.items()}
            )
        else:
            node.args = freed.follow(node, {size: each.args for size, each in nodes.items()})
            node.kwargs = freed.follow(node, {size: each.kwargs for size, each in nodes.items()})
    largest.graph.lint()
    largest.recompile()
    return largest


def _columns(graphs: Mapping[int, fx.GraphModule]) -> list[dict[int, fx.Node]]:
    """Return the nodes that stand at one place in all graphs, by size."""
    rows = {size: list(module.graph.nodes) for size, module in graphs.items()}
    for nodes in zip(*rows.values(), strict=False):
        if len({(node.op, node.op == "call_function" and node.target) for node in nodes}) > 1:
            raise CaptureError(f"forward branches by the size, {_listing(graphs)}{_location(nodes[-1])}")
    if len({len(nodes) for nodes in rows.values()}) > 1:
        raise CaptureError(f"forward takes more steps at some of the sizes {_listing(graphs)}")
    return [dict(zip(rows, nodes, strict=True)) for nodes in zip(*rows.values(), strict=True)]


class _FreedGraph:
    """A graph in which numbers and tables are made to follow the size of an axis."""

    def __init__(self, module: fx.GraphModule, source: int, axis: int) -> None:
        self._graph = module.graph
        inputs = [node for node in self._graph.nodes if node.op == "placeholder"]
        self._last = inputs[-1]  # behind which numbers are computed
        self._size = self._computed(torch.ops.aten.sym_size.int, inputs[source], axis)
        self._numbers: dict[SizeFormula, fx.Node] = {}

    def follow(self, node: fx.Node, values: Mapping[int, Any]) -> Any:
        """Return an argument of a node that follows the size, from what it is at each.

        Raises:
            CaptureError: It is a number that is no known function of the size.
        """
        largest = values[max(values)]
        match largest:
            case fx.Node():
                return largest
            case tuple() | list() if len({len(value) for value in values.values()}) == 1:
                items = range(len(largest))
                return type(largest)([self.follow(node, {s: v[i] for s, v in values.items()}) for i in items])
            case dict():
                return {key: self.follow(node, {s: v[key] for s, v in values.items()}) for key in largest}
        if all(value == largest for value in values.values()):
            return largest
        formula = size_formula(values) if all(type(value) is int for value in values.values()) else None
        if formula is None:
            values_text = ", ".join(f"{value} at {size}" for size, value in sorted(values.items()))
            raise CaptureError(f"a number is no known function of the size ({values_text}){_location(node)}")
        return self._number(formula)

    def table(self, node: fx.Node, tables: Mapping[int, Tensor]) -> None:
        """Cut a table of the graph to the size, where the smaller ones are parts of it.

        Raises:
            CaptureError: They are none.
        """
        largest = tables[max(tables)]
        if all(table.shape == largest.shape and torch.equal(table, largest) for table in tables.values()):
            return
        cuts = table_slices(tables)
        if cuts is None:
            shapes_text = ", ".join(
                f"{tuple(table.shape)} at {size}" for size, table in sorted(tables.items())
            )
            raise CaptureError(
                f"a table is no slice of the one at the largest size ({shapes_text}){_location(node)}"
            )
        users = list(node.users)
        piece = node
        for cut in cuts:
            piece = self._cut(piece, cut)
        for user in users:
            user.replace_input_with(node, piece)

    def _cut(self, table: fx.Node, cut: TableSlice) -> fx.Node:
        ends = self._number(cut.start), self._number(cut.end)
        return self._computed(torch.ops.aten.slice.Tensor, table, cut.axis, *ends)

    def _number(self, formula: SizeFormula) -> int | fx.Node:
        if not formula.times:
            return formula.plus
        if formula not in self._numbers:
            steps = (
                (add, formula.shift),
                (floordiv, formula.divisor),
                (mul, formula.times),
                (add, formula.plus),
            )
            number = self._size
            for operator, by in steps:
                if by != (operator is not add):  # adding 0 or multiplying by 1 says nothing
                    number = self._computed(operator, number, by)
            self._numbers[formula] = number
        return self._numbers[formula]

    def _computed(self, operator: Callable[..., Any], *arguments: Any) -> fx.Node:
        with self._graph.inserting_after(self._last):
            node: fx.Node = self._graph.call_function(operator, arguments)
        self._last = node
        return node


def _location(node: fx.Node) -> str:
    return user_line_in(node.meta.get("stack_trace") or "")


def _listing(sizes: Mapping[int, object]) -> str:
    return " and ".join(map(str, sorted(sizes)))
