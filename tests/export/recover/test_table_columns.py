from __future__ import annotations

from collections.abc import Callable

import torch
from rewritten import Rewritten, RuleTests
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


class TestTableColumns(RuleTests):
    rule, part, fires, others = take_columns, Positions, FIRES, OTHERS
    sizes = ({"batch": 1, "sequence": 3}, {"batch": 3, "sequence": 7})

    def test_columns_are_cut_at_export(self, rewritten: Rewritten) -> None:
        slices = [node for node in rewritten.model.graph if node.op_type == "Slice"]
        tables = [dims(node.inputs[0]) for node in slices if is_constant(node.inputs[0])]
        assert tables.count((LONGEST, HALF)) == len(FIRES)
        assert tables.count((LONGEST, WIDTH)) == len(OTHERS)
        assert all(rewritten.after(part).count("Slice") == 1 for part in FIRES)
