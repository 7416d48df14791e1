from __future__ import annotations

from rewritten import Layered, RuleTests
from torch import Tensor

from edgeattn_export.recover.rules.softmax import recover_softmax


def _shifted(x: Tensor) -> Tensor:
    return x - x.amax(-1, keepdim=True)


def _over_sum(x: Tensor, axis: int = -1) -> Tensor:
    return x / x.sum(axis, keepdim=True)


FIRES = {
    "by_its_formula": lambda x: _over_sum(x.exp()),
    "its_maximum_taken_off": lambda x: _over_sum(_shifted(x).exp()),
    "the_operator_of_a_shift": lambda x: _shifted(x).softmax(-1),
    "its_logarithm_raised": lambda x: x.log_softmax(-1).exp(),
    "its_sum_as_a_logarithm": lambda x: (x - x.logsumexp(-1, keepdim=True)).exp(),
    "its_rows_flattened": lambda x: x.flatten(0, 1).softmax(-1).view(x.shape),
    "in_double": lambda x: x.double().softmax(-1).float(),
}
OTHERS = {
    "the_operator": lambda x: x.softmax(-1),
    "its_rows_joined": lambda x: x.flatten(1).softmax(-1).view(x.shape),
    "over_another_axis": lambda x: _over_sum(x.exp(), 1),
    "another_maximum": lambda x: (x - x.sin().amax(-1, keepdim=True)).softmax(-1).exp(),
    "a_logarithm_over_another_axis": lambda x: x.log_softmax(1).exp(),
    "another_sum": lambda x: x.exp() / (2 * x).exp().sum(-1, keepdim=True),
}


class TestSoftmax(RuleTests):
    rule, part, fires, others = recover_softmax, Layered, FIRES, OTHERS
    gone = frozenset({"Exp", "ReduceSum", "ReduceMax", "Sub", "Div", "LogSoftmax", "Cast"})
