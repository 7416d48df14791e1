"""A whole graph in QDQ, for engines that compute in integers: what flows in it is stored in 16 bits.

Before: y = f(x, w)
After:  y = f(DQ(Q(x)), DQ(w_stored)), and so on for y

Operators have one width: a layer that wants its input in 8 bits gives its product in 8 bits too, and is
converted before and after; its bias is added in 16 bits. What follows only from sizes stays float until
these are bound, and is a constant then. What a logarithm is of stays float, see ``logarithm``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.apply import apply, merge_duplicates
from edgeattn_export.graph.dataflow import constant, is_constant, only_user, producer
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Inputs
from edgeattn_export.graph.scopes import module_of, nodes_within
from edgeattn_export.quantize.arithmetic.affine import EIGHT, SIXTEEN, Steps, step_and_zero
from edgeattn_export.quantize.forms.form import Placed, WholeForm
from edgeattn_export.quantize.forms.qdq.constants import moving_values, steps_for, store_constants
from edgeattn_export.quantize.forms.qdq.equalized_product import UNEQUALIZED, equalized_product, is_narrow
from edgeattn_export.quantize.forms.qdq.floors import raise_floors
from edgeattn_export.quantize.forms.qdq.logarithm import arguments, computes_float, held
from edgeattn_export.quantize.forms.qdq.pair import STORING, emit_pair, insert, stored_steps
from edgeattn_export.quantize.layers.ranges import Range, Ranges, channel_ranges

ROOM = 0.25  # beyond the farthest that a sample reaches, on either side: a third of one of the 16 bits

# By operator, how far what it makes can reach at all; in steps of a power of two, as engines have it.
BOUNDED: Mapping[str, Range] = {
    "Softmax": Range(0.0, 1.0),
    "Sigmoid": Range(0.0, 1 - 2**-16),
    "Tanh": Range(-1.0, 1 - 2**-15),
}

_LIMITING = frozenset({"Clip"})  # whose limits the range is to keep

# What gives the numbers of its first input, in the steps that these have.
_VIEWS = frozenset(
    {
        *("Expand", "Flatten", "Gather", "Identity", "Reshape"),
        *("Slice", "Split", "Squeeze", "Transpose", "Unsqueeze"),
    }
)


class WholeQdq(WholeForm):
    """Stores all that flows in a graph."""

    name = "16-bit integers"

    def balance(self, model: ir.Model, trials: Sequence[Inputs], engine: Engine, rewrites: Placed) -> None:
        """Let each channel of a product of 8 bits use all of them, where that gains enough."""
        patterns = [pattern for name, pattern in rewrites if name == UNEQUALIZED.name]
        left = {node for pattern in patterns for node in nodes_within(model, pattern)}
        nodes = [node for node in model.graph if is_narrow(node) and node.name not in left]
        if nodes:
            names = [node.outputs[0].name or "" for node in nodes]
            apply(equalized_product(channel_ranges(model, names, trials, engine)), model)

    def store(self, model: ir.Model, ranges: Ranges) -> tuple[str, ...]:
        """Store all float values that follow from an input's numbers, and the graph's constants, in place.

        Returns:
            Why what a logarithm is of is stored too, where it is.
        """
        merge_duplicates(model)
        widened = raise_floors(model, ranges)
        narrow = {node.outputs[0] for node in model.graph if is_narrow(node)}
        floats, reasons = held(model, ranges)
        for value in _moving(model):
            widths = _all_steps(value, _reach(value, widened), narrow=value in narrow)
            _store(model.graph, value, widths, floats)
        self.complete(model)
        return reasons

    def complete(self, model: ir.Model) -> None:
        """Store what became a constant when sizes were bound, in place."""
        store_constants(model)

    def floats(self, model: ir.Model) -> frozenset[str]:
        """Return the names of what stays float."""
        return frozenset(value.name or "" for value in arguments(model))


def _moving(model: ir.Model) -> list[ir.Value]:
    """Return the float values that follow from an input's numbers, in the graph's order."""
    moving = moving_values(model)
    ordered = (*model.graph.inputs, *(value for node in model.graph for value in node.outputs))
    return [
        each
        for each in ordered
        if each in moving and each.dtype is ir.DataType.FLOAT and producer(each, *STORING) is None
    ]


def _reach(value: ir.Value, ranges: Ranges) -> Range:
    range_, node = ranges[value.name or ""], value.producer()
    if node is not None and node.op_type in _LIMITING:
        return range_
    return range_.wider(ROOM) if node is None else BOUNDED.get(node.op_type, range_.wider(ROOM))


def _all_steps(value: ir.Value, reach: Range, *, narrow: bool) -> list[Steps]:
    """Return in which steps a value is stored, one after the other.

    What is made of 8 bits has 8 bits, and then 16, unless its only reader is a layer that wants 8 bits.
    """
    first = _source_steps(value) or step_and_zero(*reach, EIGHT if narrow else SIXTEEN)
    reader = only_user(value)
    stays = reader is not None and reader.op_type == "QuantizeLinear"
    return [first] if stays or first.zero.dtype != np.uint8 else [first, step_and_zero(*reach, SIXTEEN)]


def _source_steps(value: ir.Value) -> Steps | None:
    """Return the steps of what a value is a view of, or None where it is none."""
    node = producer(value, *_VIEWS)
    source = None if node is None else node.inputs[0]
    if is_constant(source):
        return steps_for(np.asarray(constant(source), np.float32))
    return None if source is None else stored_steps(source)


def _store(graph: ir.Graph, value: ir.Value, widths: Sequence[Steps], floats: set[ir.Value]) -> None:
    """Put pairs of quantizations, one behind the other, between a value and all that read it in integers."""
    tape, number = Tape(), value
    uses = [use for use in value.uses() if value not in floats or not computes_float(use.node, floats)]
    if not uses and not value.is_graph_output():
        return
    for i, steps in enumerate(widths):
        number = emit_pair(tape, number, steps, f"{value.name}.{i}" if i else value.name or "")
    for use in uses:
        use.node.replace_input_with(use.idx, number)
    if value.is_graph_output():
        _show(graph, value, number)
    node = value.producer()
    insert(graph, tape, "" if node is None else module_of(node), behind=node)


def _show(graph: ir.Graph, value: ir.Value, number: ir.Value) -> None:
    """Let an output of the graph be what is stored, under its name."""
    number.name, value.name = value.name, f"{value.name}.float"
    for i, output in enumerate(graph.outputs):
        if output is value:
            graph.outputs[i] = number
