"""Where a call's time goes in onnxruntime-web: the kernels of a graph by kind, one thread of plain Node."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from safetensors.numpy import save_file

from edgeattn_export.graph.hosts.environment import folder_of
from edgeattn_export.graph.samples import Inputs

PROFILER = Path(__file__).with_suffix(".mjs")
PRODUCTS = "int8 products"
KINDS = {  # the operators after onnxruntime's own fusions; all else is "other"
    PRODUCTS: {"DynamicQuantizeMatMul", "MatMulIntegerToFloat", "MatMulInteger"},
    "float products": {"MatMul", "FusedMatMul", "Gemm"},
    "attention": {"Attention", "Transpose", "Reshape"},
    "GELU": {"Gelu", "FastGelu", "BiasGelu"},
    "norms, sums": {
        "LayerNormalization",
        "SkipLayerNormalization",
        "RMSNormalization",
        "ReduceMean",
        "Sub",
        "Add",
        "Sum",
    },
    "scales": {"DynamicQuantizeLinear", "Abs", "ReduceMax", "Max", "Reciprocal", "Mul"},
    "other": set(),
}


def kernel_times(model: Path, inputs: Inputs, rounds: int) -> Mapping[str, float]:
    """Return the milliseconds of a call by kind of operator: of each node the least of all rounds.

    Args:
        model: A graph in ONNX, its weights beside it.
        inputs: By name, with no others.
        rounds: Calls.
    """
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "inputs.safetensors"
        save_file({name: values.copy() for name, values in inputs.items()}, given)
        command = ["node", PROFILER, folder_of("web"), model, given, rounds]
        events = Path(folder) / "events.json"
        with events.open("wb") as printed:  # a pipe that is full would end the writer
            subprocess.run([str(word) for word in command], check=True, stdout=printed)
        profile = json.loads(events.read_bytes())
    least: dict[str, float] = defaultdict(lambda: float("inf"))
    kinds: dict[str, str] = {}
    for event in profile:
        if event["cat"] == "Node" and event["name"].endswith("_kernel_time"):
            least[event["name"]] = min(least[event["name"]], event["dur"] / 1e3)
            kinds[event["name"]] = _kind(event["args"]["op_name"])
    return {kind: sum(time for name, time in least.items() if kinds[name] == kind) for kind in KINDS}


def _kind(operator: str) -> str:
    return next((kind for kind, operators in KINDS.items() if operator in operators), "other")
