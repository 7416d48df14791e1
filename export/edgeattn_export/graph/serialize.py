"""ir.Model -> bytes: large weights in a file apart, whence a device maps them into memory."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

INLINE_LIMIT = 2_000_000_000  # bytes: a protobuf message ends at 2 GiB, and the graph needs a little room
MAPPED_FROM = 1_000_000  # bytes of weights in all, below which a second file saves nothing that one notices
PAGE = 4096  # bytes that are mapped at once: what is smaller stays in the graph


def serialize(model: ir.Model) -> bytes:
    """Return the model as one ONNX file's bytes; its weights must be below ``INLINE_LIMIT``."""
    return bytes(ir.to_proto(model).SerializeToString())


def model_files(model: ir.Model, name: str) -> dict[str, bytes]:
    """Return the model's files by name: one, and a second for large weights where they are worth it.

    onnxruntime copies what it finds in the graph's own file. Weights in a file of their own it maps: the rows
    of an embedding that no text needs are never read, and weights that a kernel packs anew are held once.
    """
    if weight_bytes(model) < MAPPED_FROM:
        return {name: serialize(model)}
    graph = model.clone()
    weights = _set_apart(graph, f"{name}.data")
    return {name: serialize(graph), f"{name}.data": weights}


def _set_apart(model: ir.Model, file: str) -> bytes:
    """Point the model's large weights to ``file``, and return what it holds: each from a new page on."""
    content = bytearray()
    for value in model.graph.initializers.values():
        stored = value.const_value
        if stored is None or stored.nbytes < PAGE:
            continue
        content.extend(bytes(-len(content) % PAGE))
        shape = ir.Shape(stored.shape.numpy())
        value.const_value = ir.ExternalTensor(
            file, len(content), stored.nbytes, stored.dtype, shape=shape, name=value.name or ""
        )
        content.extend(stored.tobytes())
    return bytes(content)


def file_mb(model: ir.Model) -> float:
    """Return the size of the model's files, 1 MB = 10^6 bytes."""
    return sum(map(len, model_files(model, "model.onnx").values())) / 1e6


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
