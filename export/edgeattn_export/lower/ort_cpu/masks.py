"""Attention masks in the dims and the range that onnxruntime's CPU kernel takes.

Before: Attention(q, k, v, m)                          m broadcastable to (B, H, S, T), as the standard allows
After:  Attention(q, k, v, Expand(floored m, [S, T]))

The kernel broadcasts a mask only over the batch and the heads, and takes float32's lowest number for minus
infinity: a row of nothing else would be zeros, where PyTorch attends evenly. Layers of one mask share it.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import Dims, constant, dims, is_constant, operand, producer, size_source
from edgeattn_export.graph.scopes import MODULE, module_of

MASK = 3  # input of the operator
# Excludes as any lower number does, and leaves a row of nothing else uniform, as in PyTorch.
# Rounded to float32: numpy 1 compares a float32 scalar in double precision.
FLOOR = float(np.float32(-1e30))
Sizes = tuple[ir.Value, int]  # a value, and the axis whose size is meant

RANKS = (2, 4)  # of a mask that the kernel takes

_PASSED = ("Expand", "Unsqueeze", "Squeeze", "Reshape", "Identity")  # a mask's numbers, as they are


def expand_masks(model: ir.Model) -> None:
    """Write out the lengths of queries and keys in the mask of every Attention, and floor its numbers."""
    expanded: dict[tuple[ir.Value, Sizes, Sizes], ir.Value] = {}
    for node in tuple(model.graph):
        mask = operand(node, MASK) if node.op_type == "Attention" else None
        if mask is None:
            continue
        queries, keys = _length(node, 0), _length(node, 1)
        if (mask, queries, keys) not in expanded:
            tape = Tape()
            expanded[mask, queries, keys] = _expanded(tape, _floored(tape, mask), queries, keys)
            for new in tape.nodes:
                new.metadata_props[MODULE] = module_of(node)
            model.graph.insert_before(node, tape.nodes)
        node.replace_input_with(MASK, expanded[mask, queries, keys])


def _floored(tape: Tape, mask: ir.Value) -> ir.Value:
    """Raise finite numbers to ``FLOOR``."""
    if mask.dtype is ir.DataType.BOOL or _is_floored(mask):
        return mask
    floor = tape.op("Constant", [], {"value_float": FLOOR})
    floored = tape.op("Where", [tape.op("IsInf", [mask]), mask, tape.op("Max", [mask, floor])])
    floored.type, floored.shape = mask.type, mask.shape
    return floored


def _is_floored(mask: ir.Value | None) -> bool:
    """Say whether the graph shows that no finite number of a mask is below ``FLOOR``."""
    if is_constant(mask):
        array = np.asarray(constant(mask))
        return not bool(((array < FLOOR) & np.isfinite(array)).any())
    if (where := producer(mask, "Where")) is not None:
        infinite = producer(where.inputs[0], "IsInf")
        passes_infinities = infinite is not None and infinite.inputs[0] is where.inputs[1]  # only infinities
        return (passes_infinities or _is_floored(where.inputs[1])) and _is_floored(where.inputs[2])
    if (highest := producer(mask, "Max")) is not None:
        return any(map(_is_floored, highest.inputs))
    if (passed := producer(mask, *_PASSED)) is not None:
        return _is_floored(passed.inputs[0])
    return producer(mask, "Log") is not None  # of a float32 it is above -104, or infinite


def _expanded(tape: Tape, mask: ir.Value, queries: Sizes, keys: Sizes) -> ir.Value:
    mask_dims = dims(mask)
    if mask.shape is None or (len(mask_dims) in RANKS and 1 not in mask_dims[-2:]):
        return mask
    rank = min(rank for rank in RANKS if rank >= len(mask_dims))
    whole: Dims = (1,) * (rank - len(mask_dims)) + mask_dims
    s, t = whole[-2:]
    one = tape.op("Constant", [], {"value_ints": [1]})
    sizes = [one] * (2 if len(mask_dims) == 3 else 0)
    sizes.append(_size(tape, queries) if s == 1 else one)
    sizes.append(_size(tape, keys) if t == 1 else one)
    expanded = tape.op("Expand", [mask, tape.op("Concat", sizes, {"axis": 0})])  # (B|1, H|1, S, T)
    expanded.type = mask.type
    expanded.shape = ir.Shape([*whole[:-2], *(None if dim == 1 else dim for dim in (s, t))])
    return expanded


def _length(node: ir.Node, operand: int) -> Sizes:
    """Return where to ask for the length of an attention's queries (0) or keys (1)."""
    axis = 1 if "q_num_heads" in node.attributes else 2
    value = node.inputs[operand] if node.inputs[1] is not None else node.inputs[0]  # which may hold the keys
    if value is None:
        raise TypeError(f"{node.name}: an Attention without query or keys")
    size = dims(node.outputs[0])[-2:-1] if operand == 0 else dims(value)[axis : axis + 1]
    return size_source(value, axis, size[0] if size else None)


def _size(tape: Tape, sizes: Sizes) -> ir.Value:
    """Emit the size of an axis, as int64 (1)."""
    value, axis = sizes
    return tape.op("Shape", [value], {"start": axis, "end": axis + 1})
