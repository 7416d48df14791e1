"""The rules, one a file, in the order in which they build on one another.

To add a rule that recovers what a graph means and changes no number,

1. write one file, named after what it makes, whose docstring opens with the formula before and after;
2. in it a class with ``name``, ``roots``, ``check(node)`` and ``rewrite(tape, match)``, as ``graph/rule.py``
   has it: it matches data flow and named dims, never a node's name or a model's class, and knows no engine;
3. add one line to ``RULES``, behind the rules whose output it reads;
4. test in ``tests/export/recover/`` that it fires, that it refuses, and that the numbers agree.
"""

from typing import Any

from edgeattn_export.graph.rule import Rule
from edgeattn_export.recover.rules.attention.attention import RecoverAttention
from edgeattn_export.recover.rules.attention.layout import AttentionWithoutTransposes
from edgeattn_export.recover.rules.averaged_weights import MixByHead
from edgeattn_export.recover.rules.batch_norm import FoldBatchNorm
from edgeattn_export.recover.rules.batched_transpose import UnfoldTranspose
from edgeattn_export.recover.rules.broadcast import BroadcastOperand
from edgeattn_export.recover.rules.deviation_norm import NameDeviationNorm
from edgeattn_export.recover.rules.einsum import EinsumToMatMul
from edgeattn_export.recover.rules.finite_softmax import DropInfinityGuard
from edgeattn_export.recover.rules.folded_heads import UnfoldHeads
from edgeattn_export.recover.rules.gathered_mask import TakeMask
from edgeattn_export.recover.rules.gelu import RecoverGelu
from edgeattn_export.recover.rules.grouped_heads import ShareHeads
from edgeattn_export.recover.rules.picked_weights import PickWeight
from edgeattn_export.recover.rules.projections import MergeProjections
from edgeattn_export.recover.rules.regrouped_bias import RegroupBias
from edgeattn_export.recover.rules.rotary_embedding import RecoverRotaryEmbedding
from edgeattn_export.recover.rules.softmax import RecoverSoftmax
from edgeattn_export.recover.rules.table_columns import TakeColumns
from edgeattn_export.recover.rules.transposed_scores import TransposeScores
from edgeattn_export.recover.rules.weighted_sum import WeightedSum
from edgeattn_export.recover.rules.written_slices import AddToWhole

RULES: tuple[Rule[Any], ...] = (
    FoldBatchNorm(),
    EinsumToMatMul(),
    PickWeight(),
    TakeMask(),
    RegroupBias(),
    AddToWhole(),
    RecoverSoftmax(),
    DropInfinityGuard(),
    UnfoldTranspose(),
    UnfoldHeads(),
    TransposeScores(),
    MixByHead(),
    RecoverAttention(),
    ShareHeads(),
    RecoverRotaryEmbedding(),
    TakeColumns(),
    AttentionWithoutTransposes(),
    MergeProjections(),
    RecoverGelu(),
    BroadcastOperand(),
    WeightedSum(),
    NameDeviationNorm(),
)

__all__ = ["RULES"]
