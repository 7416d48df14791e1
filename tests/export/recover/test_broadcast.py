from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from rewritten import Rewrite, Rewritten, parts_of
from torch import Tensor, nn

from edgeattn_export.recover.rules.broadcast import broadcast_operand


class Expanding(nn.Module):
    """A linear layer, and what is done to its output and one number of it a position."""

    def __init__(self, meet: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.linear, self.meet = nn.Linear(8, 8), meet

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        y = self.linear(x)
        return self.meet(y, y[..., :1])  # (B, S, W), (B, S, 1)


FIRES = {
    "normalize": lambda x, y: nn.functional.normalize(x, dim=-1),
    "divided": lambda x, y: x / (2 + y.cos()).expand_as(x),
    "expanded_first": lambda x, y: y.expand_as(x) - x,
    "of_lower_rank": lambda x, y: x * y[0, 0].expand_as(x),
    "added": lambda x, y: x + y.expand_as(x),
}
OTHERS = {
    "the_other_side_smaller": lambda x, y: y.expand_as(x) * x[..., :1],
    "both_expanded": lambda x, y: y.expand_as(x) * x[:, :1].expand_as(x),
    "concatenated": lambda x, y: torch.cat([x, y.expand_as(x)], -1),
}


@pytest.fixture(scope="module")
def broadcast(rewrite: Rewrite) -> Rewritten:
    return rewrite(broadcast_operand, parts_of(Expanding, {**FIRES, **OTHERS}))


@pytest.mark.parametrize("part", FIRES)
def test_fires(part: str, broadcast: Rewritten) -> None:
    assert "Expand" in broadcast.before(part)
    assert "Expand" not in broadcast.after(part)


@pytest.mark.parametrize("part", OTHERS)
def test_leaves_an_expansion_that_is_needed(part: str, broadcast: Rewritten) -> None:
    assert broadcast.after(part).count("Expand") == broadcast.before(part).count("Expand") > 0


@pytest.mark.parametrize("batch", [1, 3])
def test_answers_as_pytorch(batch: int, broadcast: Rewritten) -> None:
    assert len(broadcast.applied.sites) == len(FIRES)
    assert broadcast.unlike(batch=batch) == {}
