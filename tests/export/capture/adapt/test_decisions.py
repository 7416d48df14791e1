from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from fixture_types import Export
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from edgeattn_runtime.errors import CaptureError

TOLERANCE = 1e-5
WIDTH = 8

Decide = Callable[[Tensor], bool]


class Padded(nn.Module):
    """Attends under a mask of padding, where there is any."""

    def __init__(self, is_padded: Decide) -> None:
        super().__init__()
        self.is_padded = is_padded

    def forward(self, x: Tensor, shown: Tensor) -> Tensor:
        mask = shown[:, None] > 0 if self.is_padded(shown) else None  # (B, 1, S)
        return scaled_dot_product_attention(x, x, x, attn_mask=mask)


def samples(*, is_padded: bool) -> list[dict[str, Tensor]]:
    draw = torch.Generator().manual_seed(0)
    made = []
    for length in (5, 9, 7):
        kept = length - 2 if is_padded else length
        shown = (torch.arange(length) < kept).long().expand(2, -1).contiguous()
        made.append({"x": torch.randn(2, length, WIDTH, generator=draw), "shown": shown})
    return made


@pytest.mark.parametrize("exported_padded", [True, False])
@pytest.mark.parametrize(
    "is_padded",
    [
        lambda shown: (shown == 0).any(),
        lambda shown: not torch.all(shown > 0),
        lambda shown: shown.eq(0).any().item(),
    ],
    ids=["any", "not all", "item"],
)
def test_the_way_with_some_is_taken(is_padded: Decide, exported_padded: bool, exported: Export) -> None:
    captured, _ = exported(Padded(is_padded), samples(is_padded=exported_padded))
    runner = captured.engine.runner(captured.model)
    for sample in (*samples(is_padded=True), *samples(is_padded=False)):
        given = {name: value.numpy() for name, value in sample.items()}
        expected = captured.reference(given)["output"]
        np.testing.assert_allclose(runner(given)["output"], expected, rtol=TOLERANCE, atol=TOLERANCE)


class Doubled(nn.Module):
    """Answers otherwise where none is set, and not as the way with some would."""

    def forward(self, x: Tensor, shown: Tensor) -> Tensor:
        return x * shown[..., None] if (shown == 0).any() else 2 * x


@pytest.mark.parametrize("is_padded", [True, False])
def test_a_decision_that_makes_a_difference_is_refused(is_padded: bool, exported: Export) -> None:
    with pytest.raises(CaptureError, match="not the module"):
        exported(Doubled(), samples(is_padded=is_padded))


class ByConstant(nn.Module):
    """Decides by a number that no input changes."""

    def forward(self, x: Tensor, shown: Tensor) -> Tensor:
        return x * shown[..., None] if torch.tensor(1).all() else -x


def test_what_a_constant_decides_is_known(exported: Export) -> None:
    captured, _ = exported(ByConstant(), samples(is_padded=True))  # and proves it
    assert captured.notes == ()


class ByRow(nn.Module):
    """Decides by a number that says nothing of any or all."""

    def forward(self, x: Tensor, shown: Tensor) -> Tensor:
        return 2 * x if shown.sum() > shown.shape[1] else -x


def test_other_decisions_by_values_stay_refused(exported: Export) -> None:
    with pytest.raises(CaptureError, match=r"test_decisions\.py, line \d+"):
        exported(ByRow(), samples(is_padded=True))
