"""OpenVINO, as onnxruntime's execution provider: what it needs, and what it is fast at.

Its compiler finds attention in the products again.
"""

from typing import Any

from edgeattn_export.graph.rule import Rule
from edgeattn_export.lower.decomposed import DECOMPOSED
from edgeattn_export.lower.openvino.engine import OPENVINO
from edgeattn_export.lower.openvino.late_visibility import LateVisibility

LOWERINGS: tuple[Rule[Any], ...] = (*DECOMPOSED, LateVisibility())

__all__ = ["LOWERINGS", "OPENVINO"]
