"""What an Attention gives out: its answer, and its weights where somebody reads them.

y, _, _, weights = Attention(q, k, v, m, qk_matmul_output_mode=3)      weights (B, H, S, T), after softmax
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import onnx_ir as ir
from onnx_ir.tape import Tape

WEIGHTS = 3  # index of the output; between it and the answer are those of a cache
AFTER_SOFTMAX = 3
MODE = "qk_matmul_output_mode"


def weights_of(attention: ir.Node) -> ir.Value | None:
    """Return the weights that an attention gives out; None where nobody reads them."""
    weights = attention.outputs[WEIGHTS] if len(attention.outputs) > WEIGHTS else None
    return weights if weights is not None and _is_read(weights) else None


def gives_cache(attention: ir.Node) -> bool:
    """Say whether somebody reads the keys and values that an attention gives out."""
    return any(map(_is_read, attention.outputs[1:WEIGHTS]))


def with_weights(
    tape: Tape, inputs: Sequence[ir.Value | None], attributes: Mapping[str, Any]
) -> tuple[ir.Value, ir.Value]:
    """Emit an attention that gives out its answer and its weights, and return both."""
    attributes = {**attributes, MODE: AFTER_SOFTMAX}
    answer, _, _, weights = tape.op_multi_out("Attention", inputs, attributes, num_outputs=WEIGHTS + 1)
    return answer, weights


def in_place_of(
    tape: Tape, attention: ir.Node, inputs: Sequence[ir.Value | None], attributes: Mapping[str, Any]
) -> tuple[ir.Value, Mapping[ir.Value, ir.Value]]:
    """Emit an attention in the place of another.

    Returns:
        Its answer; and the new weights for the old ones, where somebody reads them.
    """
    old = weights_of(attention)
    if old is None:
        return tape.op("Attention", inputs, attributes), {}
    answer, new = with_weights(tape, inputs, attributes)
    return answer, {old: new}


def _is_read(value: ir.Value) -> bool:
    return value.is_graph_output() or bool(value.uses())
