"""OpenVINO, as onnxruntime's execution provider: what it needs."""

from typing import Any

from edgeattn_export.graph.rule import Rule
from edgeattn_export.lower.decomposed import DECOMPOSED
from edgeattn_export.lower.openvino.engine import OPENVINO

LOWERINGS: tuple[Rule[Any], ...] = DECOMPOSED  # its compiler finds attention in the products again

__all__ = ["LOWERINGS", "OPENVINO"]
