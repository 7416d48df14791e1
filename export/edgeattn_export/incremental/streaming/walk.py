"""The way of time through a graph: from the input on, node by node, to the same graph of one hop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import lcm
from typing import Any

import onnx_ir as ir
from numpy.typing import NDArray

from edgeattn_export.graph.scopes import module_of
from edgeattn_export.incremental.refusal import CannotStep, has_subgraph
from edgeattn_export.incremental.streaming.growth import Growth, Size
from edgeattn_export.incremental.streaming.hop_draft import HopDraft
from edgeattn_export.incremental.streaming.stream import Stream, WrongHop

# Returns a node's outputs along time, in their order.
StreamRule = Callable[["Walk", ir.Node], Sequence[Stream]]


class _Located(CannotStep):
    """A reason that names its place already."""


def place(node: ir.Node) -> str:
    """Name a node for the model author."""
    module = module_of(node)
    return f"{node.op_type} of {f'layer {module!r}' if module else 'forward'}"


class Walk:
    """Follows time through a graph, by the rules of its operators.

    Messages give the size of the input in a ``hop``. The graph takes ``most_hops``; None for any number.
    """

    def __init__(
        self, growth: Growth, rules: Mapping[str, StreamRule], hop: int, most_hops: int | None
    ) -> None:
        self.growth = growth
        self.draft = HopDraft(growth)
        self.hop = hop
        self.most_hops = most_hops
        self._rules = rules
        self._streams: dict[ir.Value, Stream] = {}
        self._reasons: dict[ir.Value, str] = {}

    def follow(self, whole: ir.Value, piece: Stream) -> None:
        """Take every node that an input reaches, which arrives hop by hop, as far as there is a way."""
        self._streams[whole] = piece
        for node in self.growth.model.graph:
            if any(map(self.growth.reads, node.outputs)):
                try:
                    self._take(node)
                except CannotStep as reason:
                    self._reasons.update(dict.fromkeys(node.outputs, str(reason)))

    def stream(self, value: ir.Value | None) -> Stream:
        """Return a value along time, perhaps padded.

        Raises:
            CannotStep: There is no way to it.
        """
        if value is None:
            raise CannotStep("lacks an input")
        if value in self._reasons:
            raise _Located(self._reasons[value])
        if value not in self._streams:
            node = value.producer()
            if node is None:
                raise CannotStep(f"reads {value.name!r}, which is no part of a hop")
            self._take(node)
        return self._streams[value]

    def aligned(self, value: ir.Value | None) -> Stream:
        """Return a value whose parts are those of the hops, one for one.

        Raises:
            CannotStep: It is longer or shorter than the hops, or looks ahead.
        """
        stream = self.stream(value)
        if stream.is_aligned:
            return stream
        longer = stream.left + stream.right
        if longer:
            raise CannotStep(
                f"takes {abs(longer)} values {'more' if longer > 0 else 'fewer'} than the hops have: "
                f"{max(stream.left, 0)} are put before the first and {max(stream.right, 0)} behind the last, "
                "which only a whole has"
            )
        if stream.left < 0:
            raise CannotStep(f"looks {-stream.left} values ahead")
        late = self.draft.cut(self.draft.window(stream, stream.left), stream.axis, 0, stream.rate)
        late.type, late.shape = stream.value.type, stream.value.shape
        return Stream(late, stream.axis, stream.rate)

    def grows(self, value: ir.Value | None) -> bool:
        """Say whether a value is along time."""
        return value is not None and (self.growth.reads(value) or bool(self.growth.grown_axes(value)))

    def operand(self, value: ir.Value | None) -> ir.Value | None:
        """Return an operand as a step has it: along time the part of the hop, else as it is."""
        if value is None:
            return None
        return self.aligned(value).value if self.grows(value) else self.draft.weight(value)

    def sizes(self, value: ir.Value | None) -> tuple[Size | None, ...]:
        """Return how each axis of a value grows; none of what is left out."""
        return () if value is None else self.growth.sizes(value)

    def rank(self, value: ir.Value | None) -> int:
        """Return how many axes a value has."""
        return len(self.sizes(value))

    def constant(self, node: ir.Node, index: int) -> NDArray[Any] | None:
        """Return an operand that is the same at every length; None where it is left out.

        Raises:
            CannotStep: It differs from length to length.
        """
        value = node.inputs[index] if index < len(node.inputs) else None
        if value is None:
            return None
        array = None if self.growth.reads(value) else self.growth.constant(value)
        if array is None:
            raise CannotStep(f"depends on how long the whole is, by its operand {index}")
        return array

    def counted(self, node: ir.Node, index: int) -> Sequence[NDArray[Any]] | None:
        """Return an operand at each measured length; None where it is left out.

        Raises:
            CannotStep: It depends on what the input holds.
        """
        value = node.inputs[index] if index < len(node.inputs) else None
        counted = None if value is None else self.growth.counted.get(value.name or "")
        if counted is not None:
            return counted
        array = self.constant(node, index)
        return None if array is None else [array] * len(self.growth.hops)

    def at_hops(self, value: ir.Value) -> Callable[[int], NDArray[Any]]:
        """Return what gives a value that follows only from the length, after so many hops."""
        array = self.growth.constant(value)
        return self.growth.by_length(value) if array is None else lambda _: array

    def _take(self, node: ir.Node) -> None:
        try:
            if has_subgraph(node):
                raise CannotStep("decides by what it is given, or loops")
            self._check_parts(node)
            if node.domain or node.op_type not in self._rules:
                raise CannotStep("is an operator that no rule takes step by step")
            for value, stream in zip(node.outputs, self._rules[node.op_type](self, node), strict=True):
                if value.name:
                    self._streams[value] = self._checked(value, stream)
        except _Located:
            raise
        except CannotStep as reason:
            raise _Located(f"{place(node)} {reason}") from reason

    def _check_parts(self, node: ir.Node) -> None:
        """See that a hop gives a node whole numbers of answers: it is a multiple of strides and stacks."""
        parts = lcm(*(self.growth.parts(value) for value in node.outputs if value.name))
        if parts > 1:
            raise WrongHop(
                f"streaming.hop: {self.hop} found, by which {place(node)} does not answer every hop alike; a "
                f"multiple of {self.hop * parts} expected"
            )

    def _checked(self, value: ir.Value, stream: Stream) -> Stream:
        """Hold a stream against what was measured, and write its dims down."""
        sizes = self.growth.sizes(value)
        rates = tuple(size.rate if size is not None else None for size in sizes)
        expected = tuple(stream.rate if axis == stream.axis else 0 for axis in range(len(sizes)))
        rest = sizes[stream.axis]
        if rates != expected or rest is None or rest.rest != stream.left + stream.right:
            raise CannotStep(
                f"grows by {rates} values a hop; {expected} expected, time only on axis {stream.axis}"
            )
        dims = [size.rest if size is not None else 0 for size in sizes]
        dims[stream.axis] = stream.rate
        stream.value.shape = ir.Shape(dims)
        stream.value.dtype = self.growth.dtypes[value.name or ""]
        return stream
