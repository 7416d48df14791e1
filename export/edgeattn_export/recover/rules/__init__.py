"""The rules, one a file, in the order in which they build on one another.

To add a rule that recovers what a graph means and changes no number,

1. write one file, named after what it makes, whose docstring opens with the formula before and after;
2. in it a function below ``@rule(name, *roots)``, as ``graph/rule.py`` has it: for a node it returns what
   emits the form's replacement, a ``Refusal``, or None. It reads data flow and named dims, never a node's
   name or a model's class, and knows no engine;
3. add one line to ``RULES``, behind the rules whose output it reads;
4. test in ``tests/export/recover/`` that it fires, that it refuses, and that the numbers agree.
"""

from edgeattn_export.graph.rule import Rule
from edgeattn_export.recover.rules.attention.attention import recover_attention
from edgeattn_export.recover.rules.attention.layout import attention_without_transposes
from edgeattn_export.recover.rules.averaged_weights import mix_by_head
from edgeattn_export.recover.rules.batch_norm import fold_batch_norm
from edgeattn_export.recover.rules.batched_transpose import unfold_transpose
from edgeattn_export.recover.rules.broadcast import broadcast_operand
from edgeattn_export.recover.rules.convolution_affine import fold_affine_before, fold_affine_behind
from edgeattn_export.recover.rules.deviation_norm import name_deviation_norm
from edgeattn_export.recover.rules.einsum import einsum_to_matmul
from edgeattn_export.recover.rules.finite_softmax import drop_infinity_guard
from edgeattn_export.recover.rules.folded_heads import unfold_heads
from edgeattn_export.recover.rules.gathered_mask import take_mask
from edgeattn_export.recover.rules.gelu import recover_gelu
from edgeattn_export.recover.rules.grouped_heads import share_heads
from edgeattn_export.recover.rules.hard_sigmoid import recover_hard_sigmoid
from edgeattn_export.recover.rules.hard_swish import recover_hard_swish
from edgeattn_export.recover.rules.picked_weights import pick_weight
from edgeattn_export.recover.rules.projections import merge_projections
from edgeattn_export.recover.rules.regrouped_bias import regroup_bias
from edgeattn_export.recover.rules.rotary_embedding import recover_rotary_embedding
from edgeattn_export.recover.rules.sigmoid import recover_sigmoid
from edgeattn_export.recover.rules.softmax import recover_softmax
from edgeattn_export.recover.rules.table_columns import take_columns
from edgeattn_export.recover.rules.transposed_scores import transpose_scores
from edgeattn_export.recover.rules.weighted_sum import weighted_sum
from edgeattn_export.recover.rules.written_slices import add_to_whole

RULES: tuple[Rule, ...] = (
    fold_batch_norm,
    einsum_to_matmul,
    pick_weight,
    take_mask,
    regroup_bias,
    add_to_whole,
    recover_softmax,
    drop_infinity_guard,
    unfold_transpose,
    unfold_heads,
    transpose_scores,
    mix_by_head,
    recover_attention,
    share_heads,
    recover_rotary_embedding,
    take_columns,
    attention_without_transposes,
    merge_projections,
    recover_gelu,
    recover_sigmoid,
    recover_hard_swish,
    recover_hard_sigmoid,
    fold_affine_behind,
    fold_affine_before,
    broadcast_operand,
    weighted_sum,
    name_deviation_norm,
)

__all__ = ["RULES"]
