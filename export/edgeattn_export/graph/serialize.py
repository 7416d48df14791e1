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


class WeightFile:
    """A file of weights, laid out for one graph after the other; tensors of several graphs lie in it once."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._starts: dict[int, int] = {}  # by the tensor's identity
        self.weights: dict[int, ir.TensorProtocol] = {}
        self.size = 0

    def set_apart(self, model: ir.Model) -> ir.Model:
        """Return a copy of a model whose large weights are in the file: each from a new page on."""
        graph = model.clone()
        for value in graph.graph.initializers.values():
            stored = value.const_value
            if stored is None or stored.nbytes < PAGE:
                continue
            start, shape = self._start(stored), ir.Shape(stored.shape.numpy())
            value.const_value = ir.ExternalTensor(
                self._name, start, stored.nbytes, stored.dtype, shape=shape, name=value.name or ""
            )
        return graph

    def content(self) -> bytes:
        """Return the whole file."""
        written = bytearray(self.size)
        for start, stored in self.weights.items():
            written[start : start + stored.nbytes] = stored.tobytes()
        return bytes(written)

    def _start(self, stored: ir.TensorProtocol) -> int:
        if id(stored) not in self._starts:
            start = self.size + -self.size % PAGE
            self._starts[id(stored)], self.weights[start], self.size = start, stored, start + stored.nbytes
        return self._starts[id(stored)]


def set_apart(model: ir.Model, file: str) -> Apart:
    """Return a copy of a model whose large weights are in ``file``: each from a new page on."""
    apart = WeightFile(file)
    graph = apart.set_apart(model)
    return Apart(graph, apart.weights, apart.size)


def model_files(model: ir.Model, name: str) -> dict[str, bytes]:
    """Return the model's files by name: one, and a second for large weights where they are worth it.

    onnxruntime copies what it finds in the graph's own file. Weights in a file of their own it maps: the rows
    of an embedding that no text needs are never read, and weights that a kernel packs anew are held once.
    """
    return shared_files({name: model}, f"{name}.data")


def shared_files(models: Mapping[str, ir.Model], weights: str) -> dict[str, bytes]:
    """Return the files of several models as ``model_files`` does, with one file of weights for all."""
    if max(map(weight_bytes, models.values())) < MAPPED_FROM:
        return {name: serialize(model) for name, model in models.items()}
    apart = WeightFile(weights)
    graphs = {name: apart.set_apart(model) for name, model in models.items()}
    return {**{name: serialize(graph) for name, graph in graphs.items()}, weights: apart.content()}


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
