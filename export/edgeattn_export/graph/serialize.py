"""ir.Model -> bytes: large weights in a file apart, whence a device maps them into memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from edgeattn_runtime.errors import BadInput

INLINE_LIMIT = 2_000_000_000  # bytes: a protobuf message ends at 2 GiB, and the graph needs a little room
MAPPED_FROM = 1_000_000  # bytes of weights in all, below which a second file saves nothing that one notices
PAGE = 4096  # bytes that are mapped at once: what is smaller stays in the graph


@dataclass(frozen=True, slots=True)
class Apart:
    """A graph whose large weights lie in a file beside it.

    Attributes:
        graph: Without them.
        weights: The weights by the place where each begins, a multiple of ``PAGE``.
        size: Of their file, in bytes.
    """

    graph: ir.Model
    weights: Mapping[int, ir.TensorProtocol]
    size: int


def serialize(model: ir.Model) -> bytes:
    """Return the model as one ONNX file's bytes; its weights must be below ``INLINE_LIMIT``.

    Raises:
        BadInput: They are not.
    """
    inline = weight_bytes(model, inline=True)
    if inline > INLINE_LIMIT:
        raise BadInput(
            f"the graph holds {inline / 1e9:.1f} GB of weights in one file, at most {INLINE_LIMIT / 1e9:.0f} "
            "GB expected, as protobuf has it; keep large weights in a file of their own"
        )
    return bytes(ir.to_proto(model).SerializeToString())


def set_apart(model: ir.Model, file: str) -> Apart:
    """Return a copy of a model whose large weights are in ``file``: each from a new page on."""
    graph = model.clone()
    weights: dict[int, ir.TensorProtocol] = {}
    end = 0
    for value in graph.graph.initializers.values():
        stored = value.const_value
        if stored is None or stored.nbytes < PAGE:
            continue
        start = end + -end % PAGE
        shape = ir.Shape(stored.shape.numpy())
        value.const_value = ir.ExternalTensor(
            file, start, stored.nbytes, stored.dtype, shape=shape, name=value.name or ""
        )
        weights[start], end = stored, start + stored.nbytes
    return Apart(graph, weights, end)


def model_files(model: ir.Model, name: str) -> dict[str, bytes]:
    """Return the model's files by name: one, and a second for large weights where they are worth it.

    onnxruntime copies what it finds in the graph's own file. Weights in a file of their own it maps: the rows
    of an embedding that no text needs are never read, and weights that a kernel packs anew are held once.
    """
    if weight_bytes(model) < MAPPED_FROM:
        return {name: serialize(model)}
    apart = set_apart(model, f"{name}.data")
    content = bytearray(apart.size)
    for start, stored in apart.weights.items():
        content[start : start + stored.nbytes] = stored.tobytes()
    return {name: serialize(apart.graph), f"{name}.data": bytes(content)}


def file_mb(model: ir.Model) -> float:
    """Return the size of the model's files, 1 MB = 10^6 bytes; no weight is read."""
    if weight_bytes(model) < MAPPED_FROM:
        return len(serialize(model)) / 1e6
    apart = set_apart(model, "model.onnx.data")
    return (len(serialize(apart.graph)) + apart.size) / 1e6


def lay_out(model: ir.Model) -> None:
    """Lay every weight out in C order: what an exporter folded may be a view, which no file holds."""
    for value in model.graph.initializers.values():
        stored = value.const_value
        raw = stored.raw if isinstance(stored, ir.Tensor) else None
        if isinstance(raw, np.ndarray) and not raw.flags.c_contiguous:
            value.const_value = ir.tensor(np.ascontiguousarray(raw), name=value.name)


def weight_bytes(model: ir.Model, *, inline: bool = False) -> int:
    """Return the size in bytes of all weights, or of those alone that lie in no file of their own."""
    return sum(
        value.const_value.nbytes
        for value in model.graph.initializers.values()
        if value.const_value is not None and not (inline and isinstance(value.const_value, ir.ExternalTensor))
    )
