"""Operators of opset 23 in those of opset 21, for engines that have no kernels for them.

Attention comes last: what a rotation gives it is a view of heads, and two views in a row are one.
"""

from edgeattn_export.graph.rule import Rule
from edgeattn_export.lower.decomposed.attention import decompose_attention
from edgeattn_export.lower.decomposed.group_normalization import decompose_group_normalization
from edgeattn_export.lower.decomposed.rms_normalization import decompose_rms_normalization
from edgeattn_export.lower.decomposed.rotary_embedding import decompose_rotary_embedding

DECOMPOSED: tuple[Rule, ...] = (
    decompose_rotary_embedding,
    decompose_rms_normalization,
    decompose_group_normalization,
    decompose_attention,
)

__all__ = ["DECOMPOSED"]
