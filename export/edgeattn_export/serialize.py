"""ir.Model -> bytes: weights inside the file where the format allows it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import onnx_ir as ir

INLINE_LIMIT = 2_000_000_000  # bytes: a protobuf message ends at 2 GiB, and the graph needs a little room


def serialize(model: ir.Model) -> bytes:
    """Return the model as one ONNX file's bytes; its weights must be below ``INLINE_LIMIT``."""
    return bytes(ir.to_proto(model).SerializeToString())


def model_files(model: ir.Model, name: str) -> dict[str, bytes]:
    """Return the model's files by name: one, and a second for the weights where they are too large for it."""
    if weight_bytes(model) < INLINE_LIMIT:
        return {name: serialize(model)}
    with tempfile.TemporaryDirectory(prefix="edgeattn-") as folder:
        ir.save(model, Path(folder) / name, external_data=f"{name}.data")
        return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


def lay_out(model: ir.Model) -> None:
    """Lay every weight out in C order: what an exporter folded may be a view, which no file holds."""
    for value in model.graph.initializers.values():
        stored = value.const_value
        raw = stored.raw if isinstance(stored, ir.Tensor) else None
        if isinstance(raw, np.ndarray) and not raw.flags.c_contiguous:
            value.const_value = ir.tensor(np.ascontiguousarray(raw), name=value.name)


def weight_bytes(model: ir.Model) -> int:
    """Return the size in bytes of all weights."""
    return sum(
        value.const_value.nbytes
        for value in model.graph.initializers.values()
        if value.const_value is not None
    )
