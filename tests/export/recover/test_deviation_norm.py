from __future__ import annotations

from rewritten import Layered, RuleTests
from torch import Tensor

from edgeattn_export.recover.rules.deviation_norm import name_deviation_norm


def _centered(x: Tensor) -> Tensor:
    return x - x.mean(-1, keepdim=True)


REASON = "it divides by x.std() + eps"
REFUSES = {
    "by_std": (lambda x: _centered(x) / (x.std(-1, keepdim=True) + 1e-6), REASON),
    "biased": (lambda x: _centered(x) / (x.std(-1, keepdim=True, unbiased=False) + 1e-6), REASON),
    "scaled_first": (lambda x: 3 * _centered(x) / (1e-6 + x.std(-1, keepdim=True)), REASON),
}
OTHERS = {
    "eps_within": lambda x: _centered(x) / (x.var(-1, keepdim=True, unbiased=False) + 1e-6).sqrt(),
    "not_centered": lambda x: x / (x.std(-1, keepdim=True) + 1e-6),
    "over_positions": lambda x: (x - x.mean(1, keepdim=True)) / (x.std(1, keepdim=True) + 1e-6),
}


class TestDeviationNorm(RuleTests):
    rule, part, fires, others, refuses = name_deviation_norm, Layered, {}, OTHERS, REFUSES
