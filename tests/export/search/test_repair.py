from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from edgeattn_export.quantize import Treatment
from edgeattn_export.search import Goal
from edgeattn_export.search.choose import Option
from edgeattn_export.search.repair import NEGLIGIBLE, significant_units

GOAL = Goal(r2=0.99, r2_min=0.9)
LARGE = (2 * GOAL.mean_error,) * 2
SMALL = (NEGLIGIBLE * GOAL.mean_error / 4,) * 2
BAD = {"bad": [0.0] * 99 + [1e-2], "large": [2e-2] * 100}
EVEN = {"even": (2e-4, 2e-4), "large": (1e-2, 1e-2)}


def significant(errors: Mapping[str, object], goal: Goal) -> set[str]:
    options = {name: Option(Treatment("int8"), np.asarray(its), 1.0, 1.0) for name, its in errors.items()}
    return set(significant_units(options, goal))


@pytest.mark.parametrize(
    ("errors", "goal", "expected"),
    [
        ({"large": LARGE, **dict.fromkeys("abc", SMALL)}, GOAL, {"large"}),  # a negligible share together
        (
            {"a": (1e-6, 1e-6), "b": (1e-9, 1e-9)},
            GOAL,
            {"a"},
        ),  # of what is spoiled, less than allowed
        (EVEN, Goal(r2=0.999, r2_min=0.0), {"even", "large"}),  # a share of the mean is enough
        (EVEN, Goal(r2=0.9, r2_min=0.0), {"large"}),
        (BAD, Goal(r2=0.0, r2_min=0.999), {"bad", "large"}),  # one bad sample is enough
        ({"small": [1e-5] * 100, **BAD}, Goal(0.0, 0.999), {"bad", "large"}),
        ({"float": (0.0, 0.0), "int8": (0.1, 0.1)}, GOAL, {"int8"}),  # what spoils nothing
        ({"float": (0.0, 0.0), "int8": (0.1, 0.1)}, Goal(size_mb=1.0), {"float", "int8"}),
    ],
)
def test_units_that_spoil_a_negligible_share_together_do_not_matter(
    errors: Mapping[str, object], goal: Goal, expected: set[str]
) -> None:
    assert significant(errors, goal) == expected


def test_many_small_ones_matter_together() -> None:
    assert len(significant(dict.fromkeys(map(str, range(100)), SMALL), GOAL)) > 90
