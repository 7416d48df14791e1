from __future__ import annotations

from functools import partial

from rewritten import Layered, Rewritten, RuleTests
from torch import Tensor

from edgeattn_export.recover.rules.weighted_sum import weighted_sum


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


class TestWeightedSum(RuleTests):
    rule, fires, others = weighted_sum, FIRES, OTHERS
    part = partial(Layered, given=lambda x, seen: [seen.unsqueeze(-1).to(x.dtype)])  # (B, S, W), (B, S, 1)
    sizes = ({"batch": 1, "shown": -1}, {"batch": 3, "shown": -1})

    def test_a_product_takes_the_sums_place(self, rewritten: Rewritten) -> None:
        for part in FIRES:
            before, after = rewritten.before(part), rewritten.after(part)
            assert after.count("ReduceSum") == before.count("ReduceSum") - 1
            assert after.count("MatMul") == before.count("MatMul") + 1
