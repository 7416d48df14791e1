"""The values inside a graph: given out with its outputs, cut at, and noted where their channels are scaled.

A layer that takes over another's divisor, or leaves channels to others, keeps the model's numbers and not its
own. The note of their factors costs 4 bytes a channel.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeattn_export.graph.samples import Inputs

Floats = NDArray[np.float32]

_SUPPLIED = ".supplied"  # ends the names of inputs at which a graph is cut
_FACTORS = "edgeattn.scaled:"  # begins the keys of notes


def values_of(model: ir.Model) -> dict[str, ir.Value]:
    """Return all that the graph's nodes make, by name."""
    return {value.name: value for node in model.graph for value in node.outputs if value.name}


def with_outputs(model: ir.Model, names: Iterable[str]) -> ir.Model:
    """Return a copy of a graph that also gives out the named values."""
    copy = model.clone()
    values = {**values_of(copy), **{value.name: value for value in copy.graph.inputs if value.name}}
    outputs = {value.name for value in copy.graph.outputs}
    copy.graph.outputs.extend(values[name] for name in names if name not in outputs)
    return copy


def cut_at(model: ir.Model, names: Iterable[str]) -> ir.Model:
    """Return a copy of a graph that is given the named values, and gives out what it would have made of them.

    Before: x -> [a] -> v -> [b] -> y
    After:  x -> [a] -> v,  v.supplied -> [b] -> y

    So one run shows what each stretch between such values makes of right inputs.

    Args:
        model: Left as it is.
        names: Of floats that nodes make, each once.
    """
    copy = model.clone()
    values = values_of(copy)
    outputs = {value.name for value in copy.graph.outputs}
    for name in names:
        value = values[name]
        kind = value.type or ir.TensorType(ir.DataType.FLOAT)
        supplied = ir.Value(name=name + _SUPPLIED, type=kind, shape=value.shape)
        for use in tuple(value.uses()):
            use.node.replace_input_with(use.idx, supplied)
        copy.graph.inputs.append(supplied)
        if name not in outputs:
            copy.graph.outputs.append(value)
    return copy


def cut_inputs(values: Inputs) -> Mapping[str, NDArray[Any]]:
    """Return values by their names as the inputs of a graph that is cut at them."""
    return {name + _SUPPLIED: value for name, value in values.items()}


def note_channel_factors(model: ir.Model, value: ir.Value, factor: NDArray[np.floating[Any]]) -> None:
    """Note that a value is about to hold its channels, its last dim, multiplied by ``factor`` (C).

    What is noted of it already is multiplied, too.
    """
    previous = channel_factors(model).get(value.name or "", np.ones_like(factor))
    product = (previous * factor).astype("<f4")
    model.metadata_props[f"{_FACTORS}{value.name}"] = base64.b64encode(product.tobytes()).decode()


def channel_factors(model: ir.Model) -> Mapping[str, Floats]:
    """Return what each noted value's channels are multiplied by (C), by the value's name."""
    return {
        key.removeprefix(_FACTORS): np.frombuffer(base64.b64decode(text), "<f4")
        for key, text in model.metadata_props.items()
        if key.startswith(_FACTORS)
    }
