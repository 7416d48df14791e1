from __future__ import annotations

import torch
from fixture_types import Export
from torch import Tensor, nn

from edgeattn_export.capture import Captured
from edgeattn_runtime.bundle.manifest import Symbol

LONGEST = 32


def test_a_position_table_bounds_the_sequence(encoder: Captured) -> None:
    assert encoder.symbols == {"batch": Symbol(1, None), "sequence": Symbol(1, LONGEST)}


class Tables(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("ids", torch.arange(LONGEST)[None])
        self.positions = nn.Embedding(LONGEST, 4)
        self.short = nn.Parameter(torch.zeros(1, 20, 4))

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        x = x + self.positions(self.ids[:, : x.size(1)]) + self.short[:, : x.size(1)]
        return {"flat": x.flatten(0, 1)}


def test_the_shortest_table_bounds_and_a_computed_dim_is_a_symbol(exported: Export) -> None:
    captured, _ = exported(Tables(), [torch.ones(1, length, 4).split(1) for length in (5, 3, 4)])
    (flat,) = captured.graph.outputs
    assert flat.dims == ("batch*sequence", 4)
    bounds = {"batch": Symbol(1, None), "sequence": Symbol(1, 20), "batch*sequence": Symbol(1, None)}
    assert captured.symbols == bounds


class Lookups(nn.Module):
    """Integers on their ways into tables, an input each."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(20, 4)
        self.small = nn.Embedding(9, 4)

    def forward(
        self,
        plain: Tensor,
        compared_beside: Tensor,
        narrow: Tensor,
        turned: Tensor,
        flat: Tensor,
        behind_others: Tensor,
        selected: Tensor,
        in_two: Tensor,
        clipped_too: Tensor,
        replaced: Tensor,
        clipped: Tensor,
        shifted: Tensor,
        cut: Tensor,
        in_columns: Tensor,
        from_the_end: Tensor,
        as_flags: Tensor,
        one_hot: Tensor,
    ) -> Tensor:
        start = torch.zeros_like(behind_others[:, :1])
        rows = (
            self.table(plain),
            self.table(compared_beside) * (compared_beside != 0)[..., None],
            self.table(narrow),
            self.table(turned.T),
            self.table(flat.reshape(-1)),
            self.table(torch.cat((start, behind_others), 1)),
            self.table.weight.index_select(0, selected[0]),
            self.table(in_two) + self.small(in_two),
            self.table(clipped_too) + self.small(clipped_too.clamp(0, 8)),
            self.table(torch.where(replaced == -1, 0, replaced)),
            self.table(clipped.clamp(min=0)),
            self.table(shifted + 1),
            self.table(cut[:, :-1]),
            self.table(in_columns[:, 0]) + self.small(in_columns[:, 1]),
            self.table.weight[from_the_end],
            self.small(as_flags.bool().long()),
            nn.functional.one_hot(one_hot, 20).float() @ self.table.weight,
        )
        total = torch.zeros(())
        for each in rows:
            total = total + each.mean()
        return plain + total


TABLE_ROWS = {  # by input; None, where an integer below 0 may mean something
    **dict.fromkeys(("plain", "compared_beside", "narrow", "turned", "flat", "behind_others"), 20),
    "selected": None,  # a row alone of it
    "in_two": 9,
    "clipped_too": 20,
    **dict.fromkeys(("replaced", "clipped", "shifted", "cut", "in_columns"), None),
    **dict.fromkeys(("from_the_end", "as_flags", "one_hot"), None),
}


def test_what_a_table_is_looked_up_by_is_an_index(exported: Export) -> None:
    def sample(length: int) -> dict[str, Tensor]:
        ids = torch.arange(length)[None] % 8
        return {name: ids.int() if name == "narrow" else ids for name in TABLE_ROWS}

    captured, _ = exported(Lookups(), map(sample, (5, 3, 4)))
    assert {tensor.name: tensor.table_rows for tensor in captured.graph.inputs} == TABLE_ROWS
