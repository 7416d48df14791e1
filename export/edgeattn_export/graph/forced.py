"""A graph cut at some of its values, so that each stretch between them answers for itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import onnx_ir as ir
from numpy.typing import NDArray

from edgeattn_export.graph.samples import Inputs
from edgeattn_export.graph.taps import values_of

_GIVEN = ".given"


def forced(model: ir.Model, names: Iterable[str]) -> ir.Model:
    """Return a copy of a graph that is given the named values, and gives out what it would have made of them.

    Before: x -> [a] -> v -> [b] -> y
    After:  x -> [a] -> v,  v.given -> [b] -> y

    So one run tells what each stretch between such values makes of right inputs.

    Args:
        model: Left as it is.
        names: Of floats that nodes make, each once.
    """
    copy = model.clone()
    values = values_of(copy)
    shown = {value.name for value in copy.graph.outputs}
    for name in names:
        value = values[name]
        kind = value.type or ir.TensorType(ir.DataType.FLOAT)
        given = ir.Value(name=name + _GIVEN, type=kind, shape=value.shape)
        for use in tuple(value.uses()):
            use.node.replace_input_with(use.idx, given)
        copy.graph.inputs.append(given)
        if name not in shown:
            copy.graph.outputs.append(value)
    return copy


def given(values: Inputs) -> Mapping[str, NDArray[Any]]:
    """Return values by their names as the inputs of a graph that is cut at them."""
    return {name + _GIVEN: value for name, value in values.items()}
