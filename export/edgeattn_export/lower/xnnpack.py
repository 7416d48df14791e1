"""XNNPACK's execution provider, in Debian's onnxruntime: the only one of a package that has it."""

from __future__ import annotations

from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.hosts import Elsewhere
from edgeattn_export.graph.hosts.debian_environment import DebianEnvironment
from edgeattn_export.graph.rule import Rule
from edgeattn_export.lower.decomposed import DECOMPOSED

PACKAGES = (
    *("python3-onnxruntime", "python3-numpy", "python3-safetensors", "python3-packaging"),
    *("python3-coloredlogs", "python3-humanfriendly", "python3-flatbuffers", "python3-protobuf"),
    *("python3-sympy", "python3-mpmath", "libonnxruntime1.21", "libonnx1t64", "libxnnpack0.20241108"),
    *("libcpuinfo0", "libpthreadpool0", "libdnnl3.6", "libprotobuf32t64", "libre2-11", "libabsl20240722"),
    *("libblas3", "liblapack3", "libgfortran5"),
)

XNNPACK = Engine(
    "onnxruntime",
    "1.21",
    ("XnnpackExecutionProvider", "CPUExecutionProvider"),
    host=Elsewhere(DebianEnvironment("xnnpack", PACKAGES)),
)

LOWERINGS: tuple[Rule, ...] = DECOMPOSED
