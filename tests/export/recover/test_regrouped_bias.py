from __future__ import annotations

import torch
from rewritten import Rewritten, RuleTests, operators_of
from torch import Tensor, nn

from edgeattn_export.recover import recover
from edgeattn_export.recover.rules.regrouped_bias import regroup_bias

ROWS, COLUMNS = 3, 4


class Map(nn.Module):
    """Attention of each vector's map of learned keys, relative positions by row and column added."""

    def __init__(self, add: str) -> None:
        super().__init__()
        self.query, self.key = nn.Linear(8, 8), nn.Linear(8, 8)
        self.place = nn.Parameter(torch.randn(ROWS * COLUMNS, 8))
        self.rows, self.columns = nn.Linear(8, ROWS), nn.Linear(8, COLUMNS)
        self.add = add

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        places = x.mean(1, keepdim=True) + self.place  # (B, h*w, W)
        q, k = self.query(places), self.key(places)
        scores = q @ k.mT / 3  # (B, h*w, h*w)
        map_of = q.unflatten(1, (ROWS, COLUMNS))  # (B, h, w, W)
        rows, columns = self.rows(map_of)[..., None], self.columns(map_of)[..., None, :]
        split = scores.view(-1, ROWS, COLUMNS, ROWS, COLUMNS)
        added = {"both": split + rows + columns, "turned": columns + (rows + split), "row": split + rows}
        return added[self.add].view(-1, ROWS * COLUMNS, ROWS * COLUMNS).softmax(-1) @ places


class TestRegroupedBias(RuleTests):
    rule, part = regroup_bias, Map
    fires, others = {"both": "both", "turned": "turned"}, {"row": "row"}  # that one it would have to expand
    sizes = ({"batch": 1, "sequence": 7}, {"batch": 3, "sequence": 7})

    def test_attention_is_whole(self, rewritten: Rewritten) -> None:
        model = recover(rewritten.captured, rewritten.samples).model
        assert all("Attention" in operators_of(model, part) for part in self.fires)
