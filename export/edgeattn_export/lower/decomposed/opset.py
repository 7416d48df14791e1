"""A graph for engines that read no opset as new as the one that graphs are captured in.

From opset 21 on, a revised operator only takes more dtypes. So a graph is one of an older opset wherever that
one's own schemas have all of its operators, their inputs, attributes and dtypes.
"""

from __future__ import annotations

from collections.abc import Iterator

import onnx
import onnx_ir as ir

from edgeattn_export.graph.scopes import module_of
from edgeattn_runtime.errors import QuantizeError

OLDEST = 21


def write_at_opset(model: ir.Model, version: int) -> None:
    """Call a graph one of an older opset, in place.

    Args:
        model: Of any opset that is no older.
        version: At least ``OLDEST``.

    Raises:
        QuantizeError: Operators that this opset does not have as they stand, with their modules.
    """
    if version < OLDEST:
        raise ValueError(f"opset {version}: {OLDEST} or later expected")
    now = model.opset_imports[""]
    if now <= version:
        return
    beyond = list(dict.fromkeys(_newer_operators(model, version)))
    if beyond:
        raise QuantizeError(
            f"opset {version} does not have {', '.join(beyond)}; run them in an engine that reads opset {now}"
        )
    model.opset_imports[""] = version


def _newer_operators(model: ir.Model, version: int) -> Iterator[str]:
    for node in model.graph.all_nodes():
        if node.domain == "" and (reason := _objection(node, version)) is not None:
            module = module_of(node)
            yield f"{node.op_type}{f' in {module}' if module else ''} ({reason})"


def _objection(node: ir.Node, version: int) -> str | None:
    """Say why a node is none of the opset, or return None where it is."""
    try:
        schema = onnx.defs.get_schema(node.op_type, version)
    except onnx.defs.SchemaError:
        return "a newer operator"
    new = [name for name in node.attributes if name not in schema.attributes]
    if new:
        return f"attribute {new[0]}"
    if len(node.inputs) > schema.max_input:
        return f"{len(node.inputs)} inputs"
    return next((f"{dtype.name}" for dtype in _dtypes_beyond(node, schema)), None)


def _dtypes_beyond(node: ir.Node, schema: onnx.defs.OpSchema) -> Iterator[ir.DataType]:
    for values, parameters in ((node.inputs, schema.inputs), (node.outputs, schema.outputs)):
        for i, value in enumerate(values):
            types = parameters[min(i, len(parameters) - 1)].types  # the last one may be variadic
            if value is not None and value.dtype is not None and _spelled(value.dtype) not in types:
                yield value.dtype


def _spelled(dtype: ir.DataType) -> str:
    """Return a dtype as a schema has it, such as "tensor(float)"."""
    return f"tensor({dtype.name.lower()})"
