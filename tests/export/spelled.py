"""Attention that is spelled by hand, captured side by side and recovered, and what a test asks of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import pytest
from fixture_types import Export
from rewritten import attention_of, operators_of, unlike_pytorch
from torch import Tensor, nn

from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import Samples
from edgeattn_export.recover import Recovered, recover

WIDTH = 8

Scores = Callable[[Tensor, Tensor, Tensor], Tensor]
Make = Callable[[], nn.Module]


class Hand(nn.Module):
    """Attention of x to context; ``scores`` makes (B, H, S, T) of query, keys (B, H, ., D), seen (B, T)."""

    def __init__(
        self, scores: Scores, heads: int = 2, bias: tuple[bool, bool, bool] = (True, True, True)
    ) -> None:
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


@dataclass(frozen=True)
class Spelled:
    """Spellings side by side, captured on samples, and what recovery made of them."""

    captured: Captured
    samples: Samples
    recovered: Recovered

    @classmethod
    def of(cls, captured: Captured, samples: Samples) -> Spelled:
        """Recover them."""
        return cls(captured, samples, recover(captured, samples))

    def unlike(self, batch: int, sequence: int, shown: int) -> dict[str, str]:
        """Return by name why outputs are not PyTorch's: see ``unlike_pytorch``."""
        model = self.recovered.model
        return unlike_pytorch(self.captured, self.samples, model, shown, batch=batch, sequence=sequence)


class AttentionTests:
    """What is asked of every spelling of attention; a test class derives from it.

    Attributes:
        spellings: Each becomes one operator.
        refuses: Each stays as it is, for a reason that says so.
        others: What is no attention.
        cases: Rows, positions, and how many of these the last row sees, where all answer as PyTorch.
    """

    spellings: ClassVar[Mapping[str, Make]]
    refuses: ClassVar[Mapping[str, tuple[Make, str]]] = {}
    others: ClassVar[Mapping[str, Make]] = {}
    cases: ClassVar[tuple[tuple[int, int, int], ...]] = (
        (1, 1, 1),
        (1, 7, 7),
        (1, 12, 12),
        (3, 5, 5),
        (3, 9, 4),
        (3, 9, 1),
    )

    @pytest.fixture(scope="class")
    @classmethod
    def spelled(cls, side_by_side: Export) -> Spelled:
        refused = {name: make for name, (make, _) in cls.refuses.items()}
        return Spelled.of(*side_by_side({**cls.spellings, **refused, **cls.others}))

    def test_each_becomes_one_operator(self, spelled: Spelled) -> None:
        for name in self.spellings:
            attention_of(spelled.recovered.model, name)
        assert spelled.recovered.applied["attention"] == len(self.spellings)

    def test_others_are_refused_with_the_reason(self, spelled: Spelled) -> None:
        for name, (_, reason) in self.refuses.items():
            (refused,) = (r for r in spelled.recovered.refused if r.module == f"parts.{name}")
            assert (refused.rule, bool(refused.node)) == ("attention", True)
            assert reason in refused.reason
            assert "Attention" not in operators_of(spelled.recovered.model, name)

    def test_answers_as_pytorch(self, spelled: Spelled) -> None:
        assert {case: spelled.unlike(*case) for case in self.cases} == {case: {} for case in self.cases}
