from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hub.attentions import attentions
from torch import Tensor, nn
from torch.nn.functional import pad, scaled_dot_product_attention


class Module(nn.Module):
    def __init__(self, attend: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.attend = attend

    def forward(self, x: Tensor) -> Tensor:
        return self.attend(x)


def eager(x: Tensor) -> Tensor:
    weights = (x @ x.transpose(-1, -2)).softmax(-1)  # (B, S, S)
    return weights.reshape(weights.shape).clone() @ x


def windowed(x: Tensor) -> Tensor:
    weights = pad((x @ x.transpose(-1, -2)).softmax(-1), (0, 1))[..., :-1]
    return torch.einsum("bij,bjd->bid", weights, x)


def routed(x: Tensor) -> Tensor:
    return (x @ x.transpose(-1, -2)).softmax(-1) * 2.0


@pytest.mark.parametrize(
    ("attend", "count"),
    [
        (lambda x: scaled_dot_product_attention(x, x, x), 1),
        (lambda x: scaled_dot_product_attention(x[:, None], x[:, None], x[:, None]), 1),
        (eager, 1),
        (lambda x: eager(eager(x)), 2),
        (windowed, 1),
        (routed, 0),
    ],
    ids=["fused", "fused, with heads", "eager", "two", "padded and cut", "a softmax of no attention"],
)
def test_attentions_are_counted_however_they_are_written(
    attend: Callable[[Tensor], Tensor], count: int
) -> None:
    assert attentions(Module(attend), {"x": torch.randn(2, 5, 8)}) == count
