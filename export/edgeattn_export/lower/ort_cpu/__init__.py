"""onnxruntime's CPU kernels: what they need, and what they are fast at."""

from typing import Any

from edgeattn_export.graph.rule import Rule
from edgeattn_export.lower.ort_cpu.engine import ORT_CPU
from edgeattn_export.lower.ort_cpu.residual import ResidualSum

LOWERINGS: tuple[Rule[Any], ...] = (ResidualSum(),)

__all__ = ["LOWERINGS", "ORT_CPU"]
