from __future__ import annotations

from collections.abc import Callable

from rewritten import RuleTests
from torch import Tensor, nn

from edgeattn_export.recover.rules.transposed_scores import transpose_scores

Mix = Callable[[Tensor, Tensor, Tensor], Tensor]


class Mixing(nn.Module):
    """Query, keys and values (B, S, D), and what ``mix`` makes of them."""

    def __init__(self, mix: Mix) -> None:
        super().__init__()
        self.qkv, self.mix = nn.Linear(8, 12), mix

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        return self.mix(*self.qkv(x).chunk(3, -1))


def _both_ways(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    weights = (k @ q.mT).softmax(-2)
    return weights.mT @ v + weights @ v


FIRES: dict[str, Mix] = {
    "softmax_over_columns": lambda q, k, v: (k @ q.mT * 0.5).softmax(-2).mT @ v,
    "scores_transposed": lambda q, k, v: ((k @ q.mT).mT * 0.5).softmax(-1) @ v,
    "values_as_columns": lambda q, k, v: v.mT @ (q @ k.mT).softmax(-1).mT,
}
OTHERS: dict[str, Mix] = {
    "softmax_over_queries": lambda q, k, v: (q @ k.mT).softmax(-2) @ v,
    "used_both_ways": _both_ways,
    "no_softmax": lambda q, k, v: (k @ q.mT).mT @ v,
    "of_a_layer": lambda q, k, v: q.softmax(-2).mT @ v,
    "over_columns_of_a_layer": lambda q, k, v: v.mT @ k.mT.softmax(-2).mT,
}


class TestTransposedScores(RuleTests):
    rule, part, fires, others = transpose_scores, Mixing, FIRES, OTHERS
    sizes = ({"batch": 1, "sequence": 1}, {"batch": 1, "sequence": 7}, {"batch": 3, "sequence": 5})
