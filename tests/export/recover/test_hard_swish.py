from __future__ import annotations

import torch
from rewritten import Layered, RuleTests
from torch.nn import functional

from edgeattn_export.recover.rules.hard_swish import recover_hard_swish

FIRES = {
    "as_paddle_writes_it": lambda x: x * (x + 3).clamp(0, 6) / 6,
    "divided_first": lambda x: x * (functional.relu6(x + 3) / 6),
    "by_a_factor": lambda x: (1 / 6) * functional.hardtanh(3 + x, 0, 6) * x,
    "a_limit_of_one": lambda x: x * (x / 6 + 0.5).clamp(0, 1),
    "by_a_difference": lambda x: x * (x - -3).clamp(0, 6) / 6,
    "by_the_operator": lambda x: x * functional.hardsigmoid(x),
    "halved_first": lambda x: x / 2 * (x + 3).clamp(0, 6) / 3,
    "of_an_affine": lambda x: _hard_swish(1.4 * x + 0.6),
    "of_a_scaled_value": lambda x: _hard_swish(1.4 * x),
    "tripled": lambda x: 3 * _hard_swish(x),
}
FORMULA = "is no hard swish; 1, 0.166667 and 0.5 expected"
REFUSES = {
    "another_slope": (
        lambda x: x * (x + 3).clamp(0, 5) / 6,
        f"0.833333 * x * Clip(0.2 * x + 0.6, 0, 1) {FORMULA}",
    ),
    "another_shift": (
        lambda x: x * (x + 2).clamp(0, 6) / 6,
        f"1 * x * Clip(0.166667 * x + 0.333333, 0, 1) {FORMULA}",
    ),
}
OTHERS = {
    "standard": functional.hardswish,
    "gate_of_another": lambda x: x.sin() * functional.hardsigmoid(x),
    "gate_alone": lambda x: (x + 3).clamp(0, 6) / 6,
    "above_another_floor": lambda x: x * (x + 3).clamp(1, 6) / 6,
    "no_line": lambda x: x * x.clamp(0, 6) / 6,
    "a_value_less_x": lambda x: x * (3 - x).clamp(0, 6) / 6,
    "its_gate_shown": lambda x: (gate := (x + 3).clamp(0, 6)) * x / 6 + gate,
}


def _hard_swish(x: torch.Tensor) -> torch.Tensor:
    return x * (x + 3).clamp(0, 6) / 6


class TestHardSwish(RuleTests):
    rule, part, fires, others, refuses = recover_hard_swish, Layered, FIRES, OTHERS, REFUSES
    gone = frozenset({"Clip", "HardSigmoid"})
