"""OpenVINO's execution provider, in an environment of its own: its package excludes onnxruntime's.

Its compiler finds attention in the products again.
"""

from __future__ import annotations

from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.hosts import Elsewhere
from edgeattn_export.graph.hosts.environment import PythonEnvironment
from edgeattn_export.lower.openvino.reductions import keep_reduced_axes
from edgeattn_export.lower.openvino.triangles import compare_positions

PROVIDER = "OpenVINOExecutionProvider"

OPENVINO = Engine(
    "onnxruntime",
    "1.24",
    (PROVIDER,),
    # In bf16, which a CPU that has it would take for what is float, answers differ from CPU to CPU.
    options={f"{PROVIDER}.device_type": "CPU", f"{PROVIDER}.precision": "FP32"},
    needs=(compare_positions, keep_reduced_axes),
    host=Elsewhere(PythonEnvironment("openvino", ("onnxruntime-openvino>=1.24", "numpy", "safetensors"))),
)
