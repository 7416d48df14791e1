"""What a form of a linear layer is, and the rule that writes forms into a graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import embed
from edgeattn_export.quantize.linear import Linear
from edgeattn_export.quantize.match import ROOTS, Match, match_linear


class LinearForm(Protocol):
    """One way to compute a linear layer."""

    @property
    def name(self) -> str:
        """Its name in recipes and reports."""

    @property
    def levels(self) -> int:
        """The largest number that its stored weights may have."""

    @property
    def calibrated(self) -> bool:
        """Whether it needs to know how far its input reaches."""

    def unfit(self, width: int, channels: int) -> str | None:
        """Say why a layer of D = ``width`` and N = ``channels`` cannot have this form, or return None."""

    def emit(self, tape: Tape, x: ir.Value, linear: Linear, name: str) -> ir.Value:
        """Record the operators for ``x``, already divided, and return the output; ``name`` names weights."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A layer after its techniques, and the form that is to write it down.

    Attributes:
        form: The form.
        linear: The layer.
        aside: What other nodes already compute of its output, to be added; None where it is all.
    """

    form: LinearForm
    linear: Linear
    aside: ir.Value | None = None


class WriteLinear:
    """Writes each linear layer in the form that was prepared for it."""

    name = "linear"
    roots = ROOTS

    def __init__(self, prepared: Callable[[ir.Node, Match], Prepared | None]) -> None:
        """Take what knows the layers' forms; where it returns None the layer stays float."""
        self._prepared = prepared

    def check(self, node: ir.Node) -> tuple[Match, Prepared] | None:
        """Match a linear layer that has a form."""
        match = match_linear(node)
        prepared = None if match is None else self._prepared(node, match)
        return None if match is None or prepared is None else (match, prepared)

    def rewrite(self, tape: Tape, found: tuple[Match, Prepared]) -> Mapping[ir.Value, ir.Value]:
        """Divide the input where the layer wants it, and emit the form."""
        match, prepared = found
        linear, name = prepared.linear, match.weight.name or "weight"
        factor, x = _factor(linear), match.x
        if linear.copies is not None:
            again = tape.op("Gather", [x, embed(tape, linear.copies, f"{name}.copies")], {"axis": -1})
            x = tape.op("Concat", [x, again], {"axis": -1})  # (..., D)
        if factor is not None:
            x = tape.op("Mul", [x, embed(tape, factor, f"{name}.factor")])
        output = prepared.form.emit(tape, x, linear, name)
        aside = prepared.aside
        if linear.apart is not None and linear.apart_weight is not None:
            few = tape.op("Gather", [match.x, embed(tape, linear.apart, f"{name}.apart")], {"axis": -1})
            aside = tape.op("MatMul", [few, embed(tape, linear.apart_weight, f"{name}.apart_weight")])
        return {match.output: output if aside is None else tape.op("Sum", [output, aside])}


def _factor(linear: Linear) -> NDArray[np.float32] | None:
    """Return what the input is multiplied by before the int8 product, (D), or None."""
    if linear.divisor is None and linear.apart is None:
        return None
    factor = np.ones(len(linear.weight), np.float32)
    if linear.divisor is not None:
        factor /= linear.divisor
    if linear.apart is not None:
        factor[linear.apart] = 0
    return factor
