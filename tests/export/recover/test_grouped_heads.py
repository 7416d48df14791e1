from __future__ import annotations

from collections.abc import Callable

import torch
from rewritten import Rewritten, RuleTests
from torch import Tensor, nn

from edgeattn_export.recover.rules.attention.attention import recover_attention
from edgeattn_export.recover.rules.grouped_heads import share_heads

SIZE = 2


class Grouped(nn.Module):
    """Attention of four query heads whose keys and values have fewer, repeated by ``repeat``."""

    def __init__(self, heads: int, *repeat: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.query, self.pair = nn.Linear(8, 8), nn.Linear(8, 2 * heads * SIZE)
        self.heads, self.repeat = heads, repeat

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        q = self.query(x).unflatten(-1, (4, SIZE)).transpose(1, 2)  # (B, H, S, D)
        pair = (t.unflatten(-1, (self.heads, SIZE)).transpose(1, 2) for t in self.pair(x).chunk(2, -1))
        k, v = (repeat(t) for repeat, t in zip(self.repeat, pair, strict=True))  # (B, H, S, D)
        return ((q @ k.mT / 2).softmax(-1) @ v).transpose(1, 2).flatten(2)


def _expanded(x: Tensor) -> Tensor:
    return x[:, :, None].expand(-1, -1, 2, -1, -1).flatten(1, 2)  # as llama has it


def _interleaved(x: Tensor) -> Tensor:
    return x.repeat_interleave(2, dim=1)


def _single(x: Tensor) -> Tensor:
    return x.expand(-1, 4, -1, -1)


def _tiled(x: Tensor) -> Tensor:
    return torch.cat([x, x], dim=1)  # heads 0 1 0 1, where sharing would be 0 0 1 1


def _of_the_first(x: Tensor) -> Tensor:
    return x[:, :1].expand(-1, 4, -1, -1)


FIRES = {
    "expanded": lambda: Grouped(2, _expanded, _expanded),
    "interleaved": lambda: Grouped(2, _interleaved, _interleaved),
    "single": lambda: Grouped(1, _single, _single),
}
OTHERS = {"tiled": lambda: Grouped(2, _tiled, _tiled)}
UNLIKE = {
    "unlike": (lambda: Grouped(2, _expanded, _tiled), "repeated 2 times and its values' 1 times"),
    "fewer": (lambda: Grouped(2, _expanded, _of_the_first), "repeated 2 times and its values' 4 times"),
}


class TestGroupedHeads(RuleTests):
    rule, behind, fires, others, refuses = share_heads, (recover_attention,), FIRES, OTHERS, UNLIKE
    gone = frozenset({"Expand", "Tile"})
    sizes = ({"batch": 1, "sequence": 1}, {"batch": 1, "sequence": 7}, {"batch": 3, "sequence": 5})

    def test_one_operator_is_left(self, rewritten: Rewritten) -> None:
        assert all(rewritten.after(part).count("Attention") == 1 for part in FIRES)
