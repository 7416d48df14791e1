"""Attention of three or five axes as the operator's four: (B, H, S, D).

Before: q, k, v (N, S|T, D)                    After: (1, N, S|T, D): what was the batch are the heads
Before: q (B, G, R, S, D), k, v (B, G, 1, T, D)     After: q (B, G*R, S, D), k, v (B, G, T, D)
Before: q, k, v (B, F, H, S|T, D)              After: (B*F, H, S|T, D)
Before: q, k (B, H, S|T, D), v (B, 1, T, D)    After: v (B, H, T, D)

The second are R queries that share a head of keys and values (Ainslie et al. 2023); the third, attention in
each of F frames or windows; the last, only values that heads share (Lim et al. 2021, section 4.4).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import Dims, dims, embed, only_user, producer
from edgeattn_export.graph.emit import described
from edgeattn_export.graph.views import size_expression

ANY_SIZE = -1


@dataclass(frozen=True, slots=True)
class Axes:
    """How many axes an attention has.

    Attributes:
        rank: Three to five.
        shared: Of five, whether the third one's queries share keys.
        heads: Of four, the heads of all where one part has a single one.
    """

    rank: int
    shared: bool = False
    heads: int | None = None

    @property
    def folded(self) -> int:
        """Of five axes, the first of the two that become one."""
        return 1 if self.shared else 0

    def as_four(self, tape: Tape, value: ir.Value) -> ir.Value:
        """Emit the query, keys or values with four axes."""
        if self.rank == 4:
            return value if self.heads is None or dims(value)[1] != 1 else self._repeated(tape, value)
        if self.rank == 3:
            lifted = tape.op("Unsqueeze", [value, _axis(tape, 0)])  # (1, N, S|T, D)
            return described(lifted, value, self.dims_of_four(value))
        sizes = self._folded_dims(value)
        source = producer(value, "Reshape", "Unsqueeze")
        if source is not None and _same_sizes(dims(source.inputs[0]), sizes) and source.inputs[0] is not None:
            return source.inputs[0]  # where the axes were one before
        return described(tape.op("Reshape", [value, self._sizes(tape, value)]), value, sizes)

    def dims_of_four(self, value: ir.Value) -> Dims:
        """Return the dims that a value gets with four axes."""
        sizes = dims(value)
        return (1, *sizes) if self.rank == 3 else self._folded_dims(value) if self.rank == 5 else sizes

    def four_of_mask(self, tape: Tape, mask: ir.Value, filled: tuple[bool, ...]) -> ir.Value:
        """Emit a mask of the scores' rank with four axes; ``filled`` says which it fills."""
        sizes = dims(mask)
        if self.rank != 5:
            return mask
        if not any(filled[self.folded : self.folded + 2]):
            squeezed = tape.op("Squeeze", [mask, _axis(tape, self.folded)])
            return described(squeezed, mask, (*sizes[: self.folded], *sizes[self.folded + 1 :]))
        return described(tape.op("Reshape", [mask, self._sizes(tape, mask)]), mask, self._folded_dims(mask))

    def as_before(
        self, tape: Tape, attention: ir.Value, query: ir.Value, output: ir.Value
    ) -> dict[ir.Value, ir.Value]:
        """Emit the operator's output with the axes that it had, or leave them away where the user does."""
        if self.rank == 4:
            return {output: attention}
        if self.rank == 3:
            return {output: tape.op("Squeeze", [attention, _axis(tape, 0)])}  # (N, S, D)
        user = only_user(output)
        if (
            user is not None
            and user.op_type == "Reshape"
            and _same_sizes(dims(user.outputs[0]), self._folded_dims(output))
        ):
            return {user.outputs[0]: attention}
        leading = tape.op("Shape", [query], {"start": 0, "end": 4})
        size = tape.op("Shape", [attention], {"start": 3, "end": 4})
        return {output: tape.op("Reshape", [attention, tape.op("Concat", [leading, size], {"axis": 0})])}

    def filled(self, masks: Iterable[Dims]) -> tuple[bool, ...]:
        """Say which leading axes masks of these dims fill: of two that become one, both or none."""
        each = [filled_axes(sizes, self.rank) for sizes in masks]
        combined = [any(axis) for axis in zip(*each, strict=True)] if each else [False] * (self.rank - 2)
        if self.rank == 5:
            pair = slice(self.folded, self.folded + 2)
            combined[pair] = [any(combined[pair])] * 2
        return tuple(combined)

    def _repeated(self, tape: Tape, value: ir.Value) -> ir.Value:
        """Emit one head (B, 1, T, D) as often as there are heads."""
        sizes = embed(tape, np.array([1, self.heads, 1, 1], np.int64), f"{value.name}.heads")
        first, _, *rest = dims(value)
        return described(tape.op("Expand", [value, sizes]), value, (first, self.heads, *rest))

    def _folded_dims(self, value: ir.Value) -> Dims:
        sizes, at = dims(value), self.folded
        one, other = size_expression(sizes[at]), size_expression(sizes[at + 1])
        product = None if one is None or other is None else one * other
        size = int(product) if product is not None and product.is_Integer else product and str(product)
        return (*sizes[:at], size, *sizes[at + 2 :])

    def _sizes(self, tape: Tape, value: ir.Value) -> ir.Value:
        any_size = embed(tape, np.array([ANY_SIZE], np.int64), f"{value.name}.folded")
        parts = [any_size, tape.op("Shape", [value], {"start": self.folded + 2, "end": 5})]
        if self.folded:
            parts.insert(0, tape.op("Shape", [value], {"start": 0, "end": self.folded}))
        return tape.op("Concat", parts, {"axis": 0})


def filled_axes(sizes: Dims, rank: int) -> tuple[bool, ...]:
    """Say which of the scores' leading axes, all but the last two, a mask of these dims fills."""
    padded = (*(1,) * (rank - len(sizes)), *sizes)
    return tuple(size != 1 for size in padded[: rank - 2])


def _same_sizes(left: Dims, right: Dims) -> bool:
    return len(left) == len(right) and all(
        size_expression(size) is not None and size_expression(size) == size_expression(other)
        for size, other in zip(left, right, strict=True)
    )


def _axis(tape: Tape, axis: int) -> ir.Value:
    return embed(tape, np.array([axis], np.int64), f"axis.{axis}")
