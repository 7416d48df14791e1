"""Attention written by hand in many spellings."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from torch import Tensor, nn

WIDTH = 8

Spelling = Callable[[Tensor, Tensor, Tensor], Tensor]


class Hand(nn.Module):
    """Attention of x to context; ``scores`` makes (B, H, S, T) of query, keys (B, H, ., D), seen (B, T)."""

    def __init__(self, scores: Spelling, heads: int, *, bias: tuple[bool, bool, bool]) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH, bias=b) for b in bias)
        self.scores, self.heads = scores, heads

    def forward(self, x: Tensor, seen: Tensor, context: Tensor | None = None) -> Tensor:
        source = x if context is None else context
        q, k, v = (
            layer(t).view(t.size(0), -1, self.heads, WIDTH // self.heads).transpose(1, 2)  # (B, H, S|T, D)
            for layer, t in ((self.query, x), (self.key, source), (self.value, source))
        )
        mixed = self.scores(q, k, seen).softmax(-1) @ v  # (B, H, S, D)
        return mixed.transpose(1, 2).contiguous().view(x.size(0), -1, WIDTH)  # (B, S, W)


@pytest.fixture(scope="session")
def hand() -> Callable[..., Callable[[], nn.Module]]:
    """A function that returns the making of a hand-written attention."""

    def making(
        scores: Spelling, heads: int = 2, bias: tuple[bool, bool, bool] = (True, True, True)
    ) -> Callable[[], nn.Module]:
        return lambda: Hand(scores, heads, bias=bias)

    return making
