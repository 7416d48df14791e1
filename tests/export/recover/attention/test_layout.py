from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from rewritten import Rewrite, Rewritten
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
    "rotated": (lambda: Arranged(_rotated), "query"),
    "heads_apart": (lambda: Arranged(_chunked, lambda mixed: mixed.sum(1)), "output"),
}


@pytest.fixture(scope="module")
def arranged(rewrite: Rewrite) -> Rewritten:
    parts = {**FIRES, **TURNED, **{name: part for name, (part, _) in REFUSES.items()}}
    rewritten = rewrite(attention_without_transposes, parts, recover_attention)
    assert all(rewritten.after(part).count("Attention") == 1 for part in parts)
    return rewritten


@pytest.mark.parametrize("part", FIRES)
def test_attention_takes_the_projections_as_they_are(part: str, arranged: Rewritten) -> None:
    assert "Transpose" not in arranged.after(part)


def test_batch_and_length_may_be_turned(arranged: Rewritten) -> None:
    assert arranged.fired == {*FIRES, *TURNED}


def test_the_heads_are_told_by_number(arranged: Rewritten) -> None:
    attentions = [node for node in arranged.model.graph if node.op_type == "Attention"]
    heads = [node.attributes.get_int("q_num_heads", 0) for node in attentions]
    assert sorted(heads) == [0] * len(REFUSES) + [HEADS] * (len(FIRES) + len(TURNED))
    assert heads == [node.attributes.get_int("kv_num_heads", 0) for node in attentions]


@pytest.mark.parametrize("part", REFUSES)
def test_another_arrangement_is_refused_with_the_reason(part: str, arranged: Rewritten) -> None:
    refused = {r.module: r for r in arranged.applied.refused}
    assert set(refused) == {f"parts.{name}" for name in REFUSES}
    assert refused[f"parts.{part}"].rule == "attention layout"
    assert refused[f"parts.{part}"].reason.startswith(f"its {REFUSES[part][1]}")


@pytest.mark.parametrize("sizes", [(1, 1), (1, 7), (3, 5)])
def test_answers_as_pytorch(sizes: tuple[int, int], arranged: Rewritten) -> None:
    assert arranged.unlike(**dict(zip(("batch", "sequence"), sizes, strict=True)), shown=1) == {}
