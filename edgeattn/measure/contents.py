"""What a graph on disk is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import onnx_ir as ir

from edgeattn_export.graph.files import ONNX, ORT
from edgeattn_runtime.bundle import BundleFiles


@dataclass(frozen=True, slots=True)
class Contents:
    """What a graph holds.

    Attributes:
        operators: How often each stands in it, the most frequent first.
        weights_mb: MB (10^6 bytes) of its weights by dtype.
        heads: The most query heads that one attention has; 1 where it has none, or their number is not known.
    """

    operators: Mapping[str, int]
    weights_mb: Mapping[str, float]
    heads: int


def read_contents(graph: Path) -> Contents:
    """Read a graph's operators, and its weights' dtypes and sizes; weights in files of their own stay there.

    Args:
        graph: An ONNX file, or one of onnxruntime's own format.
    """
    return _of_ort(graph.read_bytes()) if graph.suffix == ORT.suffix else _of_onnx(ir.load(graph))


def _of_onnx(model: ir.Model) -> Contents:
    weights: Counter[str] = Counter()
    for value in model.graph.initializers.values():
        if value.const_value is not None:
            weights[str(value.const_value.dtype).lower()] += value.const_value.nbytes
    nodes = tuple(model.graph.all_nodes())
    operators = Counter(node.op_type for node in nodes)
    return Contents(
        operators=dict(operators.most_common()),
        weights_mb={dtype: size / 1e6 for dtype, size in weights.most_common()},
        heads=max((_heads(node) for node in nodes if node.op_type == "Attention"), default=1),
    )


def _of_ort(content: bytes) -> Contents:
    # Brings PyTorch, where that is installed.
    from onnxruntime.tools.ort_format_model.ort_flatbuffers_py.fbs.InferenceSession import InferenceSession

    graph = InferenceSession.GetRootAs(bytearray(content), 0).Model().Graph()
    nodes = [graph.Nodes(i) for i in range(graph.NodesLength())]
    weights: Counter[str] = Counter()
    for stored in (graph.Initializers(i) for i in range(graph.InitializersLength())):
        weights[str(ir.DataType(stored.DataType())).lower()] += stored.RawDataLength()
    attributes = (node.Attributes(i) for node in nodes for i in range(node.AttributesLength()))
    heads = (int(attribute.I()) for attribute in attributes if attribute.Name() == b"q_num_heads")
    return Contents(
        operators=dict(Counter(node.OpType().decode() for node in nodes).most_common()),
        weights_mb={dtype: size / 1e6 for dtype, size in weights.most_common()},
        heads=max(heads, default=1),
    )


def files_of(files: BundleFiles, graph: str) -> tuple[str, ...]:
    """Return the names of a graph's file and of those that hold its weights; several graphs may share one."""
    if not graph.endswith(ONNX.suffix):
        return (graph,)
    stored = [value.const_value for value in ir.load(files.path(graph)).graph.initializers.values()]
    folder = PurePosixPath(graph).parent
    apart = (str(folder / each.location) for each in stored if isinstance(each, ir.ExternalTensor))
    return tuple(dict.fromkeys((graph, *apart)))


def _heads(attention: ir.Node) -> int:
    stated = attention.attributes.get_int("q_num_heads", 0)
    queries = attention.inputs[0]
    if stated or queries is None or queries.shape is None:
        return stated or 1
    heads = queries.shape[1]  # of (B, H, S, D)
    return heads if isinstance(heads, int) else 1
