from __future__ import annotations

from collections.abc import Callable

import pytest
from rewritten import Rewrite, Rewritten, parts_of
from torch import Tensor, nn

from edgeattn_export.recover.rules.weighted_sum import weighted_sum


class Pooling(nn.Module):
    """A linear layer, and a sum over its output that a mask or scores weigh."""

    def __init__(self, pool: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.linear, self.pool = nn.Linear(8, 8), pool

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        return self.pool(self.linear(x), seen.unsqueeze(-1).to(x.dtype))  # (B, S, W), (B, S, 1)


def _product_is_shown(x: Tensor, weights: Tensor) -> Tensor:
    product = x * weights
    return product.sum(dim=1, keepdim=True) + product


FIRES = {
    "masked_mean": lambda x, w: (x * w).sum(dim=1) / w.sum(dim=1),
    "weights_first": lambda x, w: (w * x).sum(dim=1),
    "axis_from_the_end": lambda x, w: (x * w).sum(dim=-2),
    "axis_kept": lambda x, w: (x * w).sum(dim=1, keepdim=True),
    "attention_pooling": lambda x, w: (x * x[..., :1].softmax(dim=1)).sum(dim=1),
}
OTHERS = {
    "over_features": lambda x, w: (x * w).sum(dim=-1),
    "a_weight_a_feature": lambda x, w: (x * x.cos()).sum(dim=1),
    "one_weight_a_row": lambda x, w: (x * w[:, :1]).sum(dim=1),
    "over_both": lambda x, w: (x * w).sum(dim=(1, 2)),
    "of_the_weights": lambda x, w: (w * w.cos()).sum(dim=1),
    "its_product_shown": _product_is_shown,
}


@pytest.fixture(scope="module")
def summed(rewrite: Rewrite) -> Rewritten:
    return rewrite(weighted_sum, parts_of(Pooling, {**FIRES, **OTHERS}))


@pytest.mark.parametrize("part", FIRES)
def test_fires(part: str, summed: Rewritten) -> None:
    before, after = summed.before(part), summed.after(part)
    assert after.count("ReduceSum") == before.count("ReduceSum") - 1
    assert after.count("MatMul") == before.count("MatMul") + 1


@pytest.mark.parametrize("part", OTHERS)
def test_leaves_other_sums(part: str, summed: Rewritten) -> None:
    assert sorted(summed.after(part)) == sorted(summed.before(part))


@pytest.mark.parametrize("batch", [1, 3])
def test_answers_as_pytorch(batch: int, summed: Rewritten) -> None:
    assert len(summed.applied.sites) == len(FIRES)
    assert summed.unlike(batch=batch, shown=-1) == {}
