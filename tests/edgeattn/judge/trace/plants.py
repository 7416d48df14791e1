"""Faults as they happen to exported graphs, planted at one value of a graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeattn_export.graph.dataflow import constant, producer, sources
from edgeattn_export.graph.scopes import MODULE, module_of
from edgeattn_export.graph.values import values_of

# Which input of an operator holds a weight, and which holds its scale.
WEIGHTS = {"MatMul": 1, "Gemm": 1, "DynamicQuantizeMatMul": 1, "MatMulIntegerToFloat": 1, "MatMulNBits": 1}
SCALES = {"DynamicQuantizeMatMul": 2, "MatMulIntegerToFloat": 3, "MatMulNBits": 2}
NORMS = {"LayerNormalization": 1, "RMSNormalization": 1}

EPSILON = 1e-2
STEEP = 4  # times as large weights, of which those beyond int8 saturate

Array = NDArray[np.generic]
Fault = Callable[[ir.Model, ir.Value], bool]  # changes a graph at a value; False where there is no such fault


def shuffle_weights(model: ir.Model, value: ir.Value) -> bool:
    """Deal the rows of a projection's weights anew."""

    def dealt(weight: Array) -> Array:
        return np.random.default_rng(0).permutation(weight)

    return _change(model, value, WEIGHTS, dealt)


def halve_scale(model: ir.Model, value: ir.Value) -> bool:
    """Halve the scale of a layer's weights, in float that of a norm."""
    return _change(model, value, {**SCALES, **NORMS}, lambda scale: scale * np.float32(0.5))


def saturate(model: ir.Model, value: ir.Value) -> bool:
    """Give a layer weights that leave the range of int8."""

    def clipped(weight: Array) -> Array:
        if weight.dtype == np.int8:
            return np.clip(weight.astype(np.int32) * STEEP, -127, 127).astype(np.int8)
        if weight.dtype == np.uint8:  # two of 4 bits each, 8 for 0
            high, low = (np.clip((half - 8) * STEEP, -8, 7) + 8 for half in np.divmod(weight.astype(int), 16))
            return (high * 16 + low).astype(np.uint8)
        reach = np.float32(np.abs(weight).max() / STEEP)
        return np.clip(weight, -reach, reach)

    return _change(model, value, WEIGHTS, clipped) and (
        _change(model, value, SCALES, lambda scale: scale / np.float32(STEEP)) or True
    )


def ignore_mask(model: ir.Model, value: ir.Value) -> bool:
    """Let an attention see all keys."""
    for node in behind(value):
        if node.op_type == "Attention" and len(node.inputs) > 3 and node.inputs[3] is not None:
            node.replace_input_with(3, None)
            return True
        if node.op_type == "Attention" and node.attributes.get_int("is_causal", 0):
            node.attributes["is_causal"] = ir.AttrInt64("is_causal", 0)
            return True
        if node.op_type == "Where":
            shown = node.inputs[2] if node.inputs[1].producer() is None else node.inputs[1]
            for use in tuple(node.outputs[0].uses()):
                use.node.replace_input_with(use.idx, shown)
            return True
    return False


def swap_heads(model: ir.Model, value: ir.Value, size: int, width: int) -> bool:
    """Let two heads of an attention change places, each of ``size`` channels of ``width``."""
    order = np.arange(width)
    order[: 2 * size] = np.roll(order[: 2 * size], size)
    index = ir.Value(name="planted.order", const_value=ir.tensor(order))
    model.graph.register_initializer(index)
    name, users = value.name, tuple(value.uses())
    node = ir.Node("", "Gather", [value, index], [ir.AttrInt64("axis", -1)])
    node.metadata_props[MODULE] = module_of(value.producer())
    (swapped,) = node.outputs
    value.name, swapped.name = f"{name}.planted", name
    swapped.type, swapped.shape = value.type, value.shape
    model.graph.insert_after(value.producer(), node)
    for use in users:
        use.node.replace_input_with(use.idx, swapped)
    return True


def wrong_epsilon(model: ir.Model, value: ir.Value) -> bool:
    """Add a number to a norm's variance that no one asked for."""
    node = value.producer()
    if node is None or node.op_type not in NORMS:
        return False
    node.attributes["epsilon"] = ir.AttrFloat32("epsilon", EPSILON)
    return True


def planted(model: ir.Model, name: str, fault: Fault) -> ir.Model | None:
    """Return a copy of a graph with a fault at a value; None where that has no place there."""
    copy = model.clone()
    value = values_of(copy).get(name)
    return copy if value is not None and fault(copy, value) else None


def behind(value: ir.Value) -> Iterator[ir.Node]:
    """Yield the nodes that make a value, the nearest first."""
    waiting, seen = [value], {value}
    for known in waiting:
        node = known.producer()
        if node is not None:
            yield node
            new = [source for source in sources(node) if source not in seen]
            seen.update(new)
            waiting.extend(new)


def _constant(value: ir.Value | None) -> Array | None:
    """Return a copy of a constant, in float32 where the engine makes it that when it loads the graph."""
    cast = producer(value, "Cast")
    stored = constant(value if cast is None else cast.inputs[0])
    if stored is None:
        return None
    return stored.copy() if cast is None else stored.astype(np.float32)


def _change(
    model: ir.Model, value: ir.Value, places: Mapping[str, int], change: Callable[[Array], Array]
) -> bool:
    """Change a constant of the nearest operator, in the columns alone that a Split makes ``value`` of."""
    columns = _columns(value)
    for node in behind(value):
        index = places.get(node.op_type)
        if index is None:
            continue
        changed = _constant(node.inputs[index])
        if changed is None:
            continue
        if node.op_type == "MatMulNBits":  # (channels, ...)
            changed[columns] = change(changed[columns])
        else:
            part = columns if changed.shape[-1] > 1 else slice(None)
            changed[..., part] = change(changed[..., part])
        name = f"{node.inputs[index].name}.planted{index}"
        new = ir.Value(name=name, const_value=ir.tensor(changed, name=name))
        model.graph.register_initializer(new)
        node.replace_input_with(index, new)
        return True
    return False


def _columns(value: ir.Value) -> slice:
    node = value.producer()
    if node is None or node.op_type != "Split":
        return slice(None)
    sizes = node.inputs[1].const_value.numpy().tolist()
    index = node.outputs.index(value)
    return slice(sum(sizes[:index]), sum(sizes[: index + 1]))
