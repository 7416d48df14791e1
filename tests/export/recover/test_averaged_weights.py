from __future__ import annotations

from collections.abc import Callable

import pytest
from rewritten import Rewrite, Rewritten, operators_of, parts_of
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


@pytest.fixture(scope="module")
def averaged(rewrite: Rewrite) -> Rewritten:
    return rewrite(mix_by_head, parts_of(Interpretable, {**FIRES, **OTHERS}))


def test_fires_and_leaves_others(averaged: Rewritten) -> None:
    assert averaged.fired == set(FIRES)


@pytest.mark.parametrize("batch", [1, 3])
def test_answers_as_pytorch(batch: int, averaged: Rewritten) -> None:
    assert averaged.unlike(batch=batch, sequence=7) == {}


@pytest.mark.parametrize("part", [*FIRES, "mixed_by_head"])
def test_attention_is_whole(part: str, averaged: Rewritten) -> None:
    assert "Attention" in operators_of(recover(averaged.captured, averaged.samples).model, part)
