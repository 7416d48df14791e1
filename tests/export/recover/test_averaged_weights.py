from __future__ import annotations

from collections.abc import Callable

from rewritten import Rewritten, RuleTests, operators_of
from torch import Tensor, nn

from edgeattn_export.recover import recover
from edgeattn_export.recover.rules.averaged_weights import mix_by_head

Mix = Callable[[Tensor, Tensor], Tensor]


class Interpretable(nn.Module):
    """Two heads of queries and keys, and values that both share."""

    def __init__(self, mix: Mix) -> None:
        super().__init__()
        self.query, self.key, self.value = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 4)
        self.mix = mix

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        q, k = (layer(x).unflatten(-1, (2, 4)).transpose(1, 2) for layer in (self.query, self.key))
        return self.mix((q @ k.mT / 2).softmax(-1), self.value(x))  # (B, H, S, S), (B, S, D)


def _shown(weights: Tensor, v: Tensor) -> Tensor:
    average = weights.mean(1)
    return average @ v + average.sum(-1, keepdim=True)


FIRES = {"weights": lambda w, v: w.mean(1) @ v, "weights_from_behind": lambda w, v: w.mean(dim=-3) @ v}
OTHERS = {
    "mixed_by_head": lambda w, v: (w @ v[:, None]).mean(1),
    "over_queries": lambda w, v: (w.mean(2) @ v)[..., :4],
    "seen_elsewhere": _shown,
}


class TestAveragedWeights(RuleTests):
    rule, part, fires, others = mix_by_head, Interpretable, FIRES, OTHERS
    sizes = ({"batch": 1, "sequence": 7}, {"batch": 3, "sequence": 7})

    def test_attention_is_whole(self, rewritten: Rewritten) -> None:
        model = recover(rewritten.captured, rewritten.samples).model
        assert all("Attention" in operators_of(model, part) for part in (*FIRES, "mixed_by_head"))
