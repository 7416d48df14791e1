"""The rules, one a file, in the order in which they build on one another."""

from typing import Any

from edgeattn_export.fuse.rule import Rule
from edgeattn_export.fuse.rules.attention import RecoverAttention
from edgeattn_export.fuse.rules.attention_layout import AttentionWithoutTransposes
from edgeattn_export.fuse.rules.batched_transpose import UnfoldTranspose
from edgeattn_export.fuse.rules.broadcast import BroadcastOperand
from edgeattn_export.fuse.rules.einsum import EinsumToMatMul
from edgeattn_export.fuse.rules.finite_softmax import DropInfinityGuard
from edgeattn_export.fuse.rules.folded_heads import UnfoldHeads
from edgeattn_export.fuse.rules.gathered_mask import TakeMask
from edgeattn_export.fuse.rules.gelu import RecoverGelu
from edgeattn_export.fuse.rules.grouped_heads import ShareHeads
from edgeattn_export.fuse.rules.projections import MergeProjections
from edgeattn_export.fuse.rules.residual import ResidualSum
from edgeattn_export.fuse.rules.rotary_embedding import RecoverRotaryEmbedding
from edgeattn_export.fuse.rules.softmax import RecoverSoftmax
from edgeattn_export.fuse.rules.turned_scores import TurnScores
from edgeattn_export.fuse.rules.weighted_sum import WeightedSum

RULES: tuple[Rule[Any], ...] = (
    EinsumToMatMul(),
    TakeMask(),
    RecoverSoftmax(),
    DropInfinityGuard(),
    UnfoldTranspose(),
    UnfoldHeads(),
    TurnScores(),
    RecoverAttention(),
    ShareHeads(),
    RecoverRotaryEmbedding(),
    AttentionWithoutTransposes(),
    MergeProjections(),
    RecoverGelu(),
    BroadcastOperand(),
    WeightedSum(),
    ResidualSum(),
)

__all__ = ["RULES"]
