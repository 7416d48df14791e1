"""Operators of opset 23 in those of opset 21, for engines that have no kernels for them.

Attention comes last: what a rotation gives it is a view of heads, and two views in a row are one.
"""

from typing import Any

from edgeattn_export.graph.rule import Rule
from edgeattn_export.lower.decomposed.attention import DecomposeAttention
from edgeattn_export.lower.decomposed.group_normalization import DecomposeGroupNormalization
from edgeattn_export.lower.decomposed.rms_normalization import DecomposeRmsNormalization
from edgeattn_export.lower.decomposed.rotary_embedding import DecomposeRotaryEmbedding

DECOMPOSED: tuple[Rule[Any], ...] = (
    DecomposeRotaryEmbedding(),
    DecomposeRmsNormalization(),
    DecomposeGroupNormalization(),
    DecomposeAttention(),
)

__all__ = ["DECOMPOSED"]
