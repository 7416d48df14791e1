"""The rule that writes linear layers into a graph, each in its form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import embed
from edgeattn_export.graph.rule import Emit, Replaced, Rule, rule
from edgeattn_export.quantize.forms import FLOAT, LinearForm
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.match import ROOTS, Match, floats, match_linear


@dataclass(frozen=True, slots=True)
class Prepared:
    """A layer after its techniques, and the form that is to write it down.

    Attributes:
        form: The form.
        linear: The layer.
        outliers: What its outlier channels add to the output, where other nodes compute it already.
    """

    form: LinearForm
    linear: Linear
    outliers: ir.Value | None = None

    @classmethod
    def unchanged(cls, match: Match) -> Prepared:
        """Return a layer that no recipe treats, so that it may take over what others need."""
        return cls(FLOAT, Linear(match.array, None if match.bias is None else floats(match.bias)))


def write_linear(prepared: Mapping[str, Prepared]) -> Rule:
    """Return the rule that writes each linear layer in the form that was prepared for it, by its node's name.

    Others stay as they are.
    """

    @rule("linear", *ROOTS)
    def write(node: ir.Node) -> Emit | None:
        how = prepared.get(node.name or "")
        match = None if how is None else match_linear(node)
        return None if how is None or match is None else partial(_written, match, how)

    return write


def _written(match: Match, prepared: Prepared, tape: Tape) -> Replaced:
    """Divide the input where the layer wants it, and emit the form."""
    linear, name = prepared.linear, match.weight.name or "weight"
    rows = x = match.layout.enter(tape, match.x)
    factor = _factor(linear)
    if linear.copies is not None:
        again = tape.op("Gather", [x, embed(tape, linear.copies, f"{name}.copies")], {"axis": -1})
        x = tape.op("Concat", [x, again], {"axis": -1})  # (..., D)
    if factor is not None:
        x = tape.op("Mul", [x, embed(tape, factor, f"{name}.factor")])
    output = prepared.form.emit(tape, x, linear, name)
    outliers = prepared.outliers
    if linear.outliers is not None and linear.outlier_weight is not None:
        few = tape.op("Gather", [rows, embed(tape, linear.outliers, f"{name}.outliers")], {"axis": -1})
        outliers = tape.op("MatMul", [few, embed(tape, linear.outlier_weight, f"{name}.outlier_weight")])
    whole = output if outliers is None else tape.op("Sum", [output, outliers])
    return {match.output: match.layout.leave(tape, whole)}


def _factor(linear: Linear) -> NDArray[np.float32] | None:
    """Return what the input is multiplied by before the int8 product, (D), or None."""
    if linear.divisor is None and linear.outliers is None:
        return None
    factor = np.ones(len(linear.weight), np.float32)
    if linear.divisor is not None:
        factor /= linear.divisor
    if linear.outliers is not None:
        factor[linear.outliers] = 0
    return factor
