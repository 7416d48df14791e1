from __future__ import annotations

import numpy as np
import pytest

from edgeattn_export.quantize import Treatment
from edgeattn_export.search import Goal
from edgeattn_export.search.choose import Option
from edgeattn_export.search.repair import NEGLIGIBLE, significant_units

GOAL = Goal(r2=0.99, r2_min=0.9)
ALLOWED = GOAL.mean_error


def option(*errors: float) -> Option:
    return Option(Treatment("int8"), np.array(errors), 1.0, 1.0)


def test_units_that_spoil_a_negligible_share_together_do_not_matter() -> None:
    small = NEGLIGIBLE * ALLOWED / 4
    choice = {"large": option(2 * ALLOWED, 2 * ALLOWED)} | {name: option(small, small) for name in "abc"}
    assert significant_units(choice, GOAL) == {"large"}


def test_many_small_ones_matter_together() -> None:
    small = NEGLIGIBLE * ALLOWED / 4
    choice = {str(i): option(small, small) for i in range(100)}
    assert len(significant_units(choice, GOAL)) > 90


def test_a_share_counts_of_what_is_spoiled_where_that_is_less_than_is_allowed() -> None:
    assert significant_units({"a": option(1e-6, 1e-6), "b": option(1e-9, 1e-9)}, GOAL) == {"a"}


def test_a_share_of_the_mean_is_enough() -> None:
    choice = {"even": option(2e-4, 2e-4), "large": option(1e-2, 1e-2)}
    assert significant_units(choice, Goal(r2=0.999, r2_min=0.0)) == {"even", "large"}
    assert significant_units(choice, Goal(r2=0.9, r2_min=0.0)) == {"large"}


def test_one_bad_sample_is_enough() -> None:
    choice = {"bad": option(*[0.0] * 99, 1e-2), "large": option(*[2e-2] * 100)}
    assert significant_units(choice, Goal(r2=0.0, r2_min=0.999)) == {"bad", "large"}
    assert significant_units({"small": option(*[1e-5] * 100), **choice}, Goal(0.0, 0.999)) == {"bad", "large"}


@pytest.mark.parametrize("goal", [GOAL, Goal(size_mb=1.0)])
def test_what_spoils_nothing_matters_only_where_size_is_limited(goal: Goal) -> None:
    choice = {"float": option(0.0, 0.0), "int8": option(0.1, 0.1)}
    assert ("float" in significant_units(choice, goal)) == (goal is not GOAL)
