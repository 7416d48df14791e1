"""onnxruntime-web on its wasm execution provider, run here by plain Node."""

from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.hosts import Elsewhere
from edgeattn_export.graph.hosts.node_environment import NodeEnvironment
from edgeattn_export.lower.ort_cpu import ORT_CPU

ORT_WEB = Engine(
    "onnxruntime-web",
    "1.30",  # the one that its kernels were measured in
    ("wasm",),
    needs=ORT_CPU.needs,  # the same kernels, compiled to wasm
    host=Elsewhere(NodeEnvironment("web", ("onnxruntime-web@^1.30.0",))),
)
