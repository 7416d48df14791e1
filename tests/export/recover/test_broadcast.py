from __future__ import annotations

import torch
from rewritten import Layered, Rewritten, RuleTests

from edgeattn_export.recover.rules.broadcast import broadcast_operand

FIRES = {
    "normalize": lambda x: torch.nn.functional.normalize(x, dim=-1),
    "divided": lambda x: x / (2 + x[..., :1].cos()).expand_as(x),
    "expanded_first": lambda x: x[..., :1].expand_as(x) - x,
    "of_lower_rank": lambda x: x * x[..., :1][0, 0].expand_as(x),
    "added": lambda x: x + x[..., :1].expand_as(x),
}
OTHERS = {
    "the_other_side_smaller": lambda x: x[..., :1].expand_as(x) * x[..., :1],
    "both_expanded": lambda x: x[..., :1].expand_as(x) * x[:, :1].expand_as(x),
    "concatenated": lambda x: torch.cat([x, x[..., :1].expand_as(x)], -1),
}


class TestBroadcast(RuleTests):
    rule, part, fires, others = broadcast_operand, Layered, FIRES, OTHERS
    gone = frozenset({"Expand"})

    def test_an_expansion_that_is_needed_stays(self, rewritten: Rewritten) -> None:
        assert all("Expand" in rewritten.after(part) for part in OTHERS)
