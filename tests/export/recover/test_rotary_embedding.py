from __future__ import annotations

from collections.abc import Callable

import torch
from rewritten import Rewritten, RuleTests
from torch import Tensor, nn

from edgeattn_export.recover.rules.rotary_embedding import recover_rotary_embedding

WIDTH, HEADS, LONGEST = 8, 2, 16
SIZE = WIDTH // HEADS

Turn = Callable[[Tensor, Tensor, Tensor], Tensor]


class Rotary(nn.Module):
    """A projection, turned by its positions before (B, H, S, D) is handed on."""

    def __init__(self, turn: Turn, *, table: bool = False, columns: int = 2, flat: bool = True) -> None:
        super().__init__()
        self.linear, self.turn, self.flat = nn.Linear(WIDTH, WIDTH), turn, flat
        self.columns, self.table = columns, table
        self.register_buffer("cosine", _angles(LONGEST, columns).cos(), persistent=False)
        self.register_buffer("sine", _angles(LONGEST, columns).sin(), persistent=False)

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        length = x.size(1)
        angles = _angles(length, self.columns)  # (S, D)
        cos, sin = (self.cosine[:length], self.sine[:length]) if self.table else (angles.cos(), angles.sin())
        y = self.linear(x).view(x.size(0), -1, HEADS, SIZE).transpose(1, 2)  # (B, H, S, D)
        return self.turn(y if self.flat else y.abs(), cos, sin)


def _angles(length: int, columns: int) -> Tensor:
    rate = 10.0 ** -torch.arange(SIZE // columns)
    return torch.cat([torch.arange(length)[:, None] * rate] * columns, dim=-1)  # (S, D)


def _swap(x: Tensor) -> Tensor:
    first, second = x.chunk(2, dim=-1)
    return torch.cat((-second, first), dim=-1)


def _by_slices(x: Tensor) -> Tensor:
    half = x.shape[-1] // 2
    return torch.cat((-x[..., half:], x[..., :half]), dim=-1)


def _other_way(x: Tensor) -> Tensor:
    first, second = x.chunk(2, dim=-1)
    return torch.cat((second, -first), dim=-1)


def _plain(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    return x * cos + _swap(x) * sin


def _for_each_row(x: Tensor, *tables: Tensor) -> list[Tensor]:
    return [table.expand(x.size(0), 1, -1, -1) for table in tables]  # (B, 1, S, D)


FIRES: dict[str, Callable[[], nn.Module]] = {
    "computed": lambda: Rotary(_plain),
    "from_a_table": lambda: Rotary(_plain, table=True),
    "by_slices": lambda: Rotary(lambda x, cos, sin: x * cos + _by_slices(x) * sin),
    "in_another_order": lambda: Rotary(lambda x, cos, sin: sin * _swap(x) + cos * x),
    "tables_with_heads": lambda: Rotary(lambda x, cos, sin: _plain(x, cos[None, None], sin[None, None])),
    "tables_with_batch": lambda: Rotary(lambda x, cos, sin: _plain(x, cos[None], sin[None])),
    "tables_for_each_row": lambda: Rotary(lambda x, cos, sin: _plain(x, *_for_each_row(x, cos, sin))),
    "scaled": lambda: Rotary(lambda x, cos, sin: _plain(x, cos * 1.5, sin * 1.5)),
    "of_another_value": lambda: Rotary(_plain, flat=False),
}
OTHERS: dict[str, Callable[[], nn.Module]] = {
    "backward": lambda: Rotary(lambda x, cos, sin: x * cos + _other_way(x) * sin),
    "halves_apart": lambda: Rotary(_plain, columns=1),
    "halves_apart_in_a_table": lambda: Rotary(_plain, columns=1, table=True),
    "of_two_values": lambda: Rotary(lambda x, cos, sin: x.cos() * cos + _swap(x) * sin),
    "a_table_a_head": lambda: Rotary(lambda x, cos, sin: x * torch.stack([cos, cos * 2]) + _swap(x) * sin),
}


class TestRotaryEmbedding(RuleTests):
    rule, fires, others = recover_rotary_embedding, FIRES, OTHERS
    gone = frozenset({"Neg"})

    def test_each_becomes_one_operator(self, rewritten: Rewritten) -> None:
        counts = {part: rewritten.after(part).count("RotaryEmbedding") for part in {**FIRES, **OTHERS}}
        assert counts == {**dict.fromkeys(FIRES, 1), **dict.fromkeys(OTHERS, 0)}

    def test_takes_a_projection_before_its_heads_are_split(self, rewritten: Rewritten) -> None:
        nodes = [node for node in rewritten.model.graph if node.op_type == "RotaryEmbedding"]
        flat = [node for node in nodes if node.attributes.get_int("num_heads", 0) == HEADS]
        assert len(nodes) - len(flat) == 1  # of another value than the projection's
        assert all(len(node.inputs[0].shape) == 3 for node in flat)
