"""XNNPACK, as onnxruntime's execution provider: what it needs."""

from typing import Any

from edgeattn_export.graph.rule import Rule
from edgeattn_export.lower.decomposed import DECOMPOSED
from edgeattn_export.lower.xnnpack.engine import XNNPACK

LOWERINGS: tuple[Rule[Any], ...] = DECOMPOSED

__all__ = ["LOWERINGS", "XNNPACK"]
