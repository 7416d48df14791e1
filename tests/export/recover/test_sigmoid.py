from __future__ import annotations

import torch
from rewritten import Layered, Rewritten, RuleTests
from torch.nn import functional

from edgeattn_export.recover.rules.sigmoid import recover_sigmoid

FIRES = {
    "silu_by_a_fraction": lambda x: x / (1 + torch.exp(-x)),
    "silu_by_a_reciprocal": lambda x: x * (1 + torch.exp(-x)).reciprocal(),
    "silu_by_a_power": lambda x: x * (torch.exp(x * -1) + 1) ** -1,
    "silu_by_a_tanh": lambda x: 0.5 * x * (1 + torch.tanh(x / 2)),
    "quick_gelu_by_a_fraction": lambda x: x / (1 + torch.exp(-1.702 * x)),
    "quick_gelu_by_a_tanh": lambda x: x * (0.5 * (torch.tanh(0.851 * x) + 1)),
    "one_over": lambda x: 1 / (1 + torch.exp(-x)),
    "gating_another": lambda x: x.sin() / (1 + torch.exp(-x)),
}
OTHERS = {
    "standard": functional.silu,
    "quick_gelu": lambda x: x * torch.sigmoid(1.702 * x),
    "gelu_by_a_tanh": lambda x: functional.gelu(x, approximate="tanh"),
    "not_a_half": lambda x: x * (1 + torch.tanh(x / 2)),
    "two_plus": lambda x: x / (2 + torch.exp(-x)),
    "squared": lambda x: (1 + torch.exp(-x)) ** -2,
    "above_the_line": lambda x: (1 + torch.exp(-x)) / 3,
    "its_exponential_shown": lambda x: (e := torch.exp(-x)) / (1 + e),
}


class TestSigmoid(RuleTests):
    rule, part, fires, others = recover_sigmoid, Layered, FIRES, OTHERS
    gone = frozenset({"Exp", "Tanh"})

    def test_a_factor_of_one_is_left_out(self, rewritten: Rewritten) -> None:
        assert "Mul" not in rewritten.after("one_over")
        assert rewritten.after("quick_gelu_by_a_fraction").count("Mul") == 2
