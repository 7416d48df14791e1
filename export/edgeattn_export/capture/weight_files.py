"""An ONNX file and the files that hold its weights: whole, and below its own folder."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path, PureWindowsPath

import onnx_ir as ir

from edgeattn_runtime.engine.functions import check_functions
from edgeattn_runtime.errors import BundleError, ModelError


def load_onnx(path: Path, expected: str) -> ir.Model:
    """Read an ONNX file; weights in other files are mapped, not loaded.

    Args:
        path: The model's file.
        expected: What it should be, for a message.

    Raises:
        ModelError: No such file, or no ONNX model; a weight is missing or cut, or lies outside of its folder;
            or its functions expand too far.
    """
    if not path.is_file():
        raise ModelError(f"{path}: no such file; expected {expected}")
    try:
        model = ir.load(path)
    except Exception as error:  # protobuf's own, and onnx-ir's for what is no model
        raise ModelError(f"{path}: no ONNX model can be read from it; export it again") from error
    _check_weights(path, model)
    try:
        with path.open("rb") as file:
            check_functions(file, str(path))
    except BundleError as error:
        raise ModelError(str(error)) from error
    return model


def _check_weights(path: Path, model: ir.Model) -> None:
    for name, stored in _stored(model):
        weight, location = f"{path}: its weight {name!r}", PureWindowsPath(stored.location)  # both slashes
        if location.anchor or ".." in location.parts:
            raise ModelError(
                f"{weight} is in {stored.location}, outside of the model's folder; export it again with its "
                "weights in that folder"
            )
        file = Path(stored.path)
        if not file.is_file():
            raise ModelError(f"{weight} is in {file.name}, which is missing; put that file next to it")
        end, size = (stored.offset or 0) + stored.nbytes, file.stat().st_size
        if size < end:
            raise ModelError(
                f"{weight} ends at byte {end} of {file.name}, which has {size} (truncated?); copy it anew"
            )


def _stored(model: ir.Model) -> Iterator[tuple[str, ir.ExternalTensor]]:
    """Yield the tensors that are in files, of all graphs and nodes, with their names."""
    for graph in model.graphs():
        for name, value in graph.initializers.items():
            if isinstance(value.const_value, ir.ExternalTensor):
                yield name, value.const_value
    functions = (function.all_nodes() for function in model.functions.values())
    for node in chain(model.graph.all_nodes(), *functions):
        for attribute in node.attributes.values():
            values = attribute.value if isinstance(attribute.value, list | tuple) else (attribute.value,)
            for value in values:
                if isinstance(value, ir.ExternalTensor):
                    yield value.name or node.name or node.op_type, value
