from __future__ import annotations

from collections.abc import Callable

import pytest
from rewritten import Rewrite, Rewritten, parts_of
from torch import Tensor, nn

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


class Scores(nn.Module):
    """A linear layer, so that no two parts share an exponential, and a softmax."""

    def __init__(self, softmax: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.linear, self.softmax = nn.Linear(8, 8), softmax

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        return self.softmax(self.linear(x))


@pytest.fixture(scope="module")
def recovered(rewrite: Rewrite) -> Rewritten:
    return rewrite(recover_softmax, parts_of(Scores, {**FIRES, **OTHERS}))


@pytest.mark.parametrize("part", FIRES)
def test_it_becomes_one_operator(part: str, recovered: Rewritten) -> None:
    operators = recovered.after(part)
    assert operators.count("Softmax") == 1
    assert not {"Exp", "ReduceSum", "ReduceMax", "Sub", "Div", "LogSoftmax", "Cast"} & set(operators)


def test_nothing_else_does(recovered: Rewritten) -> None:
    assert recovered.fired == set(FIRES)


@pytest.mark.parametrize("batch", [1, 3])
def test_answers_as_pytorch(batch: int, recovered: Rewritten) -> None:
    assert recovered.unlike(batch=batch) == {}
