"""onnxruntime before 1.28 on a CPU: opset 21, as Debian 13 and the Swift package have it.

Its int8 kernels are those of later releases. Attention is an operator of its own, see
``multi_head_attention``, and what that cannot say is decomposed.
"""

from __future__ import annotations

from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.hosts import Elsewhere
from edgeattn_export.graph.hosts.environment import PythonEnvironment
from edgeattn_export.graph.rule import Rule
from edgeattn_export.lower.decomposed import DECOMPOSED
from edgeattn_export.lower.ort_1_21.multi_head_attention import multi_head_attention
from edgeattn_export.lower.ort_cpu.residual import residual_sum

ORT_1_21 = Engine(
    "onnxruntime",
    "1.21",
    ("CPUExecutionProvider",),
    # Debian's own release, with its defects: what is proven there needs no later one.
    host=Elsewhere(PythonEnvironment("cpu-1.21", ("onnxruntime==1.21.0", "numpy", "safetensors"))),
)

LOWERINGS: tuple[Rule, ...] = (residual_sum, multi_head_attention, *DECOMPOSED)
