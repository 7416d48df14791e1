from __future__ import annotations

from rewritten import Layered, RuleTests
from torch.nn import functional

from edgeattn_export.recover.rules.hard_sigmoid import recover_hard_sigmoid

FIRES = {
    "as_mobilenet_has_it": lambda x: functional.relu6(x + 3) / 6,
    "by_a_factor": lambda x: (3 + x).clamp(0, 6) * (1 / 6),
    "a_limit_of_one": lambda x: (0.2 * x + 0.5).clamp(0, 1),
    "a_line_that_falls": lambda x: (-0.2 * x - 0.1).clamp(0, 1),
    "gating_another": lambda x: x.sin() * ((x + 3).clamp(0, 6) / 6),
    "shown_too": lambda x: (gate := (x / 6 + 0.5).clamp(0, 1)) * x.sin() + gate,
}
OTHERS = {
    "standard": functional.hardsigmoid,
    "not_divided": lambda x: functional.relu6(x + 3),
    "another_height": lambda x: (x + 3).clamp(0, 6) / 3,
    "no_line": lambda x: x.clamp(0, 1),
    "of_two_values": lambda x: (x + x.sin()).clamp(0, 1),
    "divides": lambda x: 6 / (x.abs() + 3).clamp(0, 6),
    "unlimited": lambda x: (x + 3).clamp(min=0) / 6,
}


class TestHardSigmoid(RuleTests):
    rule, part, fires, others = recover_hard_sigmoid, Layered, FIRES, OTHERS
    gone = frozenset({"Clip"})
