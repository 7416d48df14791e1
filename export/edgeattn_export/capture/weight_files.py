"""The files beside an ONNX file that hold its weights: whole, and below its own folder."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path, PureWindowsPath

import onnx_ir as ir

from edgeattn_runtime.errors import ModelError


def check_weight_files(path: Path, model: ir.Model) -> None:
    """Check that a model's weights are there, and in files of its own.

    Args:
        path: The model's file, for messages.
        model: As ``ir.load`` read it.

    Raises:
        ModelError: A weight is missing or cut, or lies outside of the file's folder.
    """
    for name, stored in _stored(model):
        weight, location = f"{path}: its weight {name!r}", PureWindowsPath(stored.location)  # both slashes
        if location.anchor or ".." in location.parts:
            raise ModelError(
                f"{weight} is in {stored.location}, outside of the model's folder; export it again with its "
                "weights in that folder"
            )
        file = Path(stored.path)
        if not file.is_file():
            raise ModelError(f"{weight} is in {file.name}, which is missing; copy that file beside the model")
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
