"""A graph's files: ONNX with large weights in files apart, which a device maps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
import onnx_ir as ir

from edgeattn_export.graph.hosts import Host
from edgeattn_export.graph.weight_files import WeightLayout
from edgeattn_runtime.bundle.folder import BundleFiles
from edgeattn_runtime.errors import BadInput

INLINE_LIMIT = 2_000_000_000  # bytes: a protobuf message ends at 2 GiB, and the graph needs a little room
MAPPED_FROM = 1_000_000  # bytes of weights in all, below which a second file saves nothing that one notices


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


def model_files(model: ir.Model, name: str, most: int | None = None) -> dict[str, bytes]:
    """Return the model's files by name: one, and others for large weights where they are worth it.

    onnxruntime copies what it finds in the graph's own file. Weights in a file of their own it maps: the rows
    of an embedding that no text needs are never read, and weights that a kernel packs anew are held once.

    Args:
        model: Left as it is.
        name: Of the graph's own file.
        most: Bytes of a file of weights, as ``WeightLayout`` has it.
    """
    return shared_files({name: model}, f"{name}.data", most)


def shared_files(models: Mapping[str, ir.Model], weights: str, most: int | None = None) -> dict[str, bytes]:
    """Return the files of several models as ``model_files`` does, which share those of weights.

    Args:
        models: By the names of their files; left as they are.
        weights: The name of the file of weights, or of the first one.
        most: Bytes of a file of weights, as ``WeightLayout`` has it.
    """
    if max(map(weight_bytes, models.values())) < MAPPED_FROM:
        return {name: serialize(model) for name, model in models.items()}
    layout = WeightLayout(weights, most)
    graphs = {name: serialize(layout.graph(model)) for name, model in models.items()}
    return {**graphs, **layout.contents()}


def file_mb(model: ir.Model) -> float:
    """Return the size of the model's files, 1 MB = 10^6 bytes; no weight is read."""
    if weight_bytes(model) < MAPPED_FROM:
        return len(serialize(model)) / 1e6
    layout = WeightLayout("model.onnx.data")
    return (len(serialize(layout.graph(model))) + layout.size) / 1e6


def make_contiguous(model: ir.Model) -> None:
    """Lay every weight out in C order: what an exporter folded may be a view, which no file holds."""
    for value in model.graph.initializers.values():
        stored = value.const_value
        raw = stored.raw if isinstance(stored, ir.Tensor) else None
        if isinstance(raw, np.ndarray) and not raw.flags.c_contiguous:
            value.const_value = ir.tensor(np.ascontiguousarray(raw), name=value.name)


def weight_bytes(model: ir.Model, *, inline: bool = False) -> int:
    """Return the size in bytes of all weights, or only of those that lie in no file of their own."""
    return sum(
        value.const_value.nbytes
        for value in model.graph.initializers.values()
        if value.const_value is not None and not (inline and isinstance(value.const_value, ir.ExternalTensor))
    )


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write a graph down.

    Attributes:
        suffix: Of the graph's file, such as ".onnx".
        write: Returns the content of all files by name of graphs that share weights, given these graphs by
            their files' names, and a name for the file of weights.
        compiler: The host that writes them; None where this process does.
    """

    suffix: str
    write: Callable[[Mapping[str, ir.Model], str], dict[str, bytes]]
    compiler: Host | None = None

    def files(self, model: ir.Model, name: str) -> dict[str, bytes]:
        """Return the content of all files of one graph by name, given its own file's name."""
        return self.write({name: model}, f"{name}.data")


ONNX = Format(".onnx", shared_files)


def files_of(files: BundleFiles, graph: str) -> tuple[str, ...]:
    """Return the names of a graph's file and of those that hold its weights; several graphs may share one."""
    if not graph.endswith(ONNX.suffix):
        return (graph,)
    stored = [value.const_value for value in ir.load(files.path(graph)).graph.initializers.values()]
    folder = PurePosixPath(graph).parent
    weights = (str(folder / each.location) for each in stored if isinstance(each, ir.ExternalTensor))
    return tuple(dict.fromkeys((graph, *weights)))
