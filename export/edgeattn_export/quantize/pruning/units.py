"""What can go from inside a graph: heads of an attention, neurons of a feed-forward block.

The units of a layer are groups of its inputs that earlier layers make, and that nothing else reads.

heads:    y W          y = Attention(x Wq + bq, x Wk + bk, x Wv + bv)
neurons:  a W          a = act(x W1 + b1), also where it is gated: act(x W1 + b1) * (x W2 + b2)

A head is one of keys and values, with all queries that it answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import onnx_ir as ir

from edgeattn_export.graph.dataflow import axis_of, dims, is_constant, producer, sources
from edgeattn_export.graph.rule import Refusal
from edgeattn_export.quantize.layers.layout import LAST
from edgeattn_export.quantize.layers.match import Match, match_linear

HEADS, NEURONS = "heads", "neurons"
# Channel by channel; a constant operand is a number or a vector.
ELEMENTWISE = frozenset(
    {
        *("Gelu", "Relu", "Sigmoid", "Tanh", "Erf", "Swish"),
        *("HardSwish", "HardSigmoid", "LeakyRelu", "Elu", "Mish"),
        *("Mul", "Add", "Sub", "Div", "Pow", "Max", "Min", "Sum", "Sqrt", "Exp", "Neg", "Clip"),
    }
)
_KEPT_PAST = 4  # inputs of an attention, behind which a cache comes in
_MASK = 3


@dataclass(frozen=True, slots=True)
class Part:
    """Columns of a layer that makes units, group by group.

    Attributes:
        match: The layer.
        start: Its first column.
        size: Columns of a unit.
    """

    match: Match
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Units:
    """The units that a layer reads.

    Attributes:
        noun: What they are, in the plural.
        count: How many.
        size: Inputs of the reader that a unit is.
        reader: The layer.
        parts: What makes them.
        values: Those between, the reader's input among them, each with a unit's channels in it.
    """

    noun: str
    count: int
    size: int
    reader: Match
    parts: tuple[Part, ...]
    values: Mapping[ir.Value, int]


def find_units(reader: Match) -> Units | Refusal:
    """Return the units that a linear layer reads, or why none of them can go."""
    if reader.layout != LAST:
        return Refusal("it is a convolution")
    attention = producer(reader.x, "Attention")
    if attention is None:
        return _found(NEURONS, reader, reader.sizes[0], _Trace(), reader.x)
    refusal = _unfit(attention, reader.x)
    if refusal is not None:
        return Refusal(refusal)
    heads = attention.attributes.get_int("kv_num_heads", 0)
    trace = _Trace({reader.x: reader.sizes[0] // heads})
    return _found(HEADS, reader, heads, trace, *attention.inputs[:_MASK])


def _found(noun: str, reader: Match, count: int, trace: _Trace, *values: ir.Value | None) -> Units | Refusal:
    ways = (trace.follow(value, _last(value) // count) for value in values if value is not None)
    refusal = next(filter(None, ways), None) or trace.leak(reader)
    if refusal is not None:
        return Refusal(refusal)
    return Units(noun, count, reader.sizes[0] // count, reader, tuple(trace.parts), trace.values)


def _unfit(attention: ir.Node, answer: ir.Value) -> str | None:
    """Say why heads of an attention cannot go, or return None."""
    inputs, queries = attention.inputs, attention.attributes.get_int("q_num_heads", 0)
    if attention.outputs[0] is not answer or queries == 0:
        return "its heads do not lie side by side in its input"
    if any(output.uses() or output.is_graph_output() for output in attention.outputs[1:]):
        return "the keys, values or weights of each head are given out"
    if any(value is not None for value in inputs[_KEPT_PAST:]):
        return "its heads have a cache"
    mask = inputs[_MASK] if len(inputs) > _MASK else None
    if mask is not None and (mask.shape is None or any(dim != 1 for dim in dims(mask)[-3:-2])):
        return "each head has a mask or bias of its own"
    return None


@dataclass(slots=True)
class _Trace:
    """The way from what a layer reads back to the layers that make it.

    Attributes:
        values: Those on the way, each with a unit's channels in it.
        parts: What the ways end at.
    """

    values: dict[ir.Value, int] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)

    def follow(self, value: ir.Value, size: int) -> str | None:
        """Follow a value in which a unit has ``size`` channels; return why that fails."""
        if value in self.values:
            return None
        self.values[value] = size
        made, node = _linear(value), value.producer()
        if made is not None:
            return self._end(Part(made, 0, size))
        if node is None or node.domain:
            return "no linear layer of this graph makes its input"
        if node.op_type == "Split":
            return self._split(node, value, size)
        if node.op_type == "RotaryEmbedding" and len(dims(value)) == 3 and node.inputs[0] is not None:
            return self.follow(node.inputs[0], size)
        ways = (self.follow(each, size) for each in _varying(node))
        return _uneven(node, value) or next(filter(None, ways), None)

    def _split(self, node: ir.Node, value: ir.Value, size: int) -> str | None:
        made = None if node.inputs[0] is None else _linear(node.inputs[0])
        sizes = [_last(output) for output in node.outputs]
        if made is None or not all(sizes) or axis_of(node, 0) != len(dims(value)) - 1:
            return "a Split stands between it and the layer that makes its input"
        return self._end(Part(made, sum(sizes[: node.outputs.index(value)]), size))

    def _end(self, part: Part) -> str | None:
        if part.match.layout != LAST:
            return "a convolution makes its input"
        if _is_shared(part.match):
            return f"the weight of {part.match.module or part.match.output.name} is shared"
        self.parts.append(part)
        return None

    def leak(self, reader: Match) -> str | None:
        """Say who else reads what would become narrower, or return None."""
        if _is_shared(reader):
            return "its weight is shared"
        nodes = {value.producer() for value in self.values}
        made = (part.match.output for part in self.parts)
        if len(reader.x.uses()) != 1:
            return "something else reads its input"
        for value in dict.fromkeys((reader.x, *made, *self.values)):
            others = () if value is reader.x else [use.node for use in value.uses() if use.node not in nodes]
            if others or value.is_graph_output():
                return f"{others[0].op_type if others else 'an output'} reads the same channels"
        return None


def _uneven(node: ir.Node, value: ir.Value) -> str | None:
    """Say why the channels of a node's output are not those of its inputs, one by one, or return None."""
    if node.op_type not in ELEMENTWISE:
        return f"{node.op_type} stands between it and the layer that makes its input"
    if any(len(dims(each)) > 1 for each in sources(node) if is_constant(each)):
        return f"{node.op_type} before it takes a constant matrix"
    if any(_last(each) != _last(value) for each in _varying(node)):
        return f"{node.op_type} before it spreads one channel over many"
    return None


def _is_shared(match: Match) -> bool:
    """Say whether another layer reads the weight, or what a Transpose makes of it."""
    uses = match.weight.uses()
    turned = (use.node.outputs[0] for use in uses if use.node.op_type == "Transpose")
    return len(uses) != 1 or any(len(each.uses()) != 1 for each in turned)


def _varying(node: ir.Node) -> list[ir.Value]:
    return [each for each in sources(node) if not is_constant(each)]


def _linear(value: ir.Value) -> Match | None:
    """Return the linear layer that makes a value."""
    node = value.producer()
    match = None if node is None else match_linear(node)
    if match is None and node is not None and node.op_type == "Add":
        products = (each.producer() for each in sources(node))
        matches = (match_linear(each) for each in products if each is not None)
        match = next((each for each in matches if each is not None and each.output is value), None)
    return match if match is not None and match.output is value else None


def _last(value: ir.Value) -> int:
    size = dims(value)[-1] if dims(value) else 0
    return size if isinstance(size, int) else 0
