from __future__ import annotations

from collections.abc import Callable

import torch
from rewritten import Rewritten, RuleTests, nodes_of
from torch import Tensor, nn

from edgeattn_export.recover.rules.attention.attention import recover_attention
from edgeattn_export.recover.rules.attention.layout import attention_without_transposes

HEADS, SIZE = 2, 4


class Arranged(nn.Module):
    """Attention on query, keys and values (B, H, S, D), arranged from a linear layer by ``split``."""

    def __init__(
        self,
        split: Callable[[Tensor], tuple[Tensor, Tensor, Tensor]],
        join: Callable[[Tensor], Tensor] = lambda mixed: mixed.transpose(1, 2).flatten(2),
    ) -> None:
        super().__init__()
        self.qkv = nn.Linear(8, 24)
        self.split, self.join = split, join

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        q, k, v = self.split(self.qkv(x))
        scores = (q @ k.mT / 2).masked_fill(seen[:, None, None, :] == 0, -1e9)  # (B, H, S, S)
        return self.join(scores.softmax(-1) @ v)


def _heads(x: Tensor) -> Tensor:
    return x.unflatten(-1, (HEADS, SIZE)).transpose(1, 2)  # (B, H, S, D)


def _chunked(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    q, k, v = x.chunk(3, -1)
    return _heads(q), _heads(k), _heads(v)


def _rotated(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    q, k, v = _chunked(x)
    return torch.cat([-q[..., 2:], q[..., :2]], -1), k, v


def _sequence_first(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    q, k, v = (
        part.reshape(x.size(1), -1, SIZE).transpose(0, 1).view(x.size(0), HEADS, x.size(1), SIZE)
        for part in x.transpose(0, 1).chunk(3, -1)  # (S, B, W)
    )
    return q, k, v


FIRES = {
    "chunked": lambda: Arranged(_chunked),
    "permuted": lambda: Arranged(
        lambda x: tuple(part.permute(0, 2, 1, 3) for part in x.unflatten(-1, (3, HEADS, SIZE)).unbind(2))
    ),
    "viewed": lambda: Arranged(
        _chunked, lambda mixed: mixed.permute(0, 2, 1, 3).reshape(mixed.size(0), -1, HEADS * SIZE)
    ),
}
TURNED = {"sequence_first": lambda: Arranged(_sequence_first)}  # as nn.MultiheadAttention has it
REFUSES = {
    "rotated": (lambda: Arranged(_rotated), "its query"),
    "heads_apart": (lambda: Arranged(_chunked, lambda mixed: mixed.sum(1)), "its output"),
}


class TestLayout(RuleTests):
    rule, behind, fires, refuses = (
        attention_without_transposes,
        (recover_attention,),
        {**FIRES, **TURNED},
        REFUSES,
    )
    sizes = tuple({"batch": b, "sequence": s, "shown": 1} for b, s in ((1, 1), (1, 7), (3, 5)))

    def test_attention_takes_the_projections_as_they_are(self, rewritten: Rewritten) -> None:
        assert all("Transpose" not in rewritten.after(part) for part in FIRES)

    def test_the_heads_are_told_by_number(self, rewritten: Rewritten) -> None:
        for part in {**self.fires, **REFUSES}:
            (node,) = (node for node in nodes_of(rewritten.model, part) if node.op_type == "Attention")
            heads = [node.attributes.get_int(f"{side}_num_heads", 0) for side in ("q", "kv")]
            assert heads == [0 if part in REFUSES else HEADS] * 2
