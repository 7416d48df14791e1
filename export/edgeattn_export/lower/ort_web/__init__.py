"""onnxruntime-web on its wasm execution provider, run here by plain Node.

Its kernels are those of onnxruntime's CPU, but for how fast each of them is.
"""

from __future__ import annotations

from functools import partial

from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.files import Format, shared_files
from edgeattn_export.graph.hosts import Elsewhere
from edgeattn_export.graph.hosts.node_environment import NodeEnvironment
from edgeattn_export.lower.ort_cpu import ORT_CPU

PIECE = 16 * 2**20  # bytes: browsers' caches and the hosts of static files refuse what is much larger

# The engine, and what the page of `edgeattn serve` is bundled by and of.
NODE = NodeEnvironment(
    "web",
    (
        "onnxruntime-web@^1.30.0",
        "esbuild@^0.28.0",
        "@huggingface/tokenizers@^0.2.0",
        "@noble/hashes@^2.4.0",
        "@cfworker/json-schema@^4.1.1",
    ),
)

ORT_WEB = Engine(
    "onnxruntime-web",
    "1.30",  # the one that its kernels were measured in
    ("wasm",),
    needs=ORT_CPU.needs,  # the same kernels, compiled to wasm
    host=Elsewhere(NODE),
    format=Format(".onnx", partial(shared_files, most=PIECE)),
)
