from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from rewritten import Rewrite, Rewritten, parts_of
from torch import Tensor, nn

from edgeattn_export.graph.dataflow import dims, is_constant
from edgeattn_export.recover.rules.table_columns import take_columns

LONGEST, WIDTH, HALF = 16, 8, 4


class Positions(nn.Module):
    """A linear layer, and a table's rows that are added to what it gives."""

    def __init__(self, add: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.linear, self.add = nn.Linear(WIDTH, HALF), add
        self.register_buffer("table", torch.randn(LONGEST, WIDTH), persistent=False)

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        return self.add(self.linear(x), self.table[: x.size(1)])  # (B, S, HALF), (S, WIDTH)


FIRES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "first": lambda x, rows: x + rows[:, :HALF],
    "last": lambda x, rows: x + rows[:, -HALF:],
    "used_twice": lambda x, rows: (x + rows[:, :HALF]) * rows[:, :HALF].cos(),
}
OTHERS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "used_whole": lambda x, rows: x + rows[:, :HALF] + rows.sum(),
    "other_columns": lambda x, rows: x + rows[:, :HALF] * rows[:, HALF:],
    "other_rows": lambda x, rows: x + rows[1:2, :HALF] + rows[:1, :HALF],
    "computed": lambda x, rows: x + rows.cos()[:, :HALF],
    "every_other": lambda x, rows: x + rows[:, ::2],
}


@pytest.fixture(scope="module")
def rewritten(rewrite: Rewrite) -> Rewritten:
    return rewrite(take_columns, parts_of(Positions, {**FIRES, **OTHERS}))


def test_fires_where_nothing_but_the_same_columns_is_used(rewritten: Rewritten) -> None:
    tables = [
        dims(node.inputs[0])
        for node in rewritten.model.graph
        if node.op_type == "Slice" and is_constant(node.inputs[0])
    ]
    assert len(rewritten.applied.sites) == len(FIRES)
    assert tables.count((LONGEST, HALF)) == len(FIRES)
    assert tables.count((LONGEST, WIDTH)) == len(OTHERS)


@pytest.mark.parametrize("part", FIRES)
def test_columns_are_cut_at_export(part: str, rewritten: Rewritten) -> None:
    assert rewritten.after(part).count("Slice") == 1


@pytest.mark.parametrize(("batch", "sequence"), [(1, 3), (3, 7)])
def test_answers_as_pytorch(batch: int, sequence: int, rewritten: Rewritten) -> None:
    assert rewritten.unlike(batch=batch, sequence=sequence) == {}
