from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeattn_export.search import Goal, Trial, front
from edgeattn_export.search.goal import MEAN_SHARE, WORST_SHARE
from edgeattn_export.targets.cpu import DYNAMIC_INT8

GOAL = Goal(r2=0.9, r2_min=0.8, latency_ms=10.0, size_mb=20.0)
MEAN, WORST = MEAN_SHARE * 0.1, WORST_SHARE * 0.2  # errors that it allows


def test_what_just_fits_is_no_excess() -> None:
    assert GOAL.excess(MEAN, WORST, 10.0, 20.0) == pytest.approx(0.0, abs=1e-12)
    assert GOAL.excess(0.0, 0.0, 0.0, 0.0) == 0.0


@pytest.mark.parametrize(
    ("spent", "excess", "missed"),
    [
        ((1.5 * MEAN, 0.0, 1.0, 1.0), 0.5, ("r2",)),
        ((0.0, 1.5 * WORST, 1.0, 1.0), 0.5, ("r2_min",)),
        ((0.0, 0.0, 15.0, 1.0), 0.5, ("latency_ms",)),
        ((0.0, 0.0, 1.0, 30.0), 0.5, ("size_mb",)),
        ((2 * MEAN, 0.0, 1.0, 40.0), 2.0, ("r2", "size_mb")),
    ],
)
def test_a_limit_that_is_missed_is_named_and_weighed_as_a_share_of_itself(
    spent: tuple[float, float, float, float], excess: float, missed: tuple[str, ...]
) -> None:
    mean, worst, *others = spent
    trial = Trial(DYNAMIC_INT8, 1 - mean, 1 - worst, *others)
    assert GOAL.excess(*spent) == pytest.approx(excess)
    assert GOAL.excess_of(trial) == pytest.approx(excess)
    assert GOAL.misses(trial) == missed
    assert not GOAL.met_by(trial)


def test_exactness_has_a_margin_and_what_is_not_asked_for_has_no_limit() -> None:
    goal = Goal(r2=0.9, r2_min=0.8)
    assert goal.misses(Trial(DYNAMIC_INT8, 0.901, 0.801, 1e9, 1e9)) == ("r2", "r2_min")
    assert goal.met_by(Trial(DYNAMIC_INT8, 0.93, 0.91, 1e9, 1e9))
    assert math.isfinite(goal.excess(0.0, 0.0, 1e9, 1e9))


def test_perfection_is_missed_by_any_error() -> None:
    goal = Goal(r2=1.0, r2_min=1.0)
    assert goal.excess(0.0, 0.0, 1.0, 1.0) == 0.0
    assert goal.excess(1e-9, 1e-9, 1.0, 1.0) > 1.0


def test_a_tighter_goal_allows_a_share_of_the_errors_and_leaves_the_rest() -> None:
    tight = GOAL.tightened(0.6)
    shares = tight.mean_error / GOAL.mean_error, tight.worst_error / GOAL.worst_error
    assert shares == pytest.approx((0.6, 0.6))
    assert (tight.latency_ms, tight.size_mb, tight.prefer) == (GOAL.latency_ms, GOAL.size_mb, GOAL.prefer)


def test_an_aim_has_no_margin_for_a_rule_until_it_is_tightened() -> None:
    goal = Goal(r2=0.9, r2_min=0.8, is_aim=True)
    by_rule = goal.for_rules()
    assert (by_rule.mean_error, by_rule.worst_error) == pytest.approx((0.1, 0.2))
    tight = goal.tightened(0.5)
    assert tight.for_rules() == tight


def test_what_is_used_of_a_goal_is_the_larger_share() -> None:
    goal = Goal(r2=0.9, r2_min=0.8)
    found = Trial(DYNAMIC_INT8, 1 - 0.5 * goal.mean_error, 1 - 0.6 * goal.worst_error, 1.0, 1.0)
    assert goal.used_by(found) == pytest.approx(0.6)
    assert not goal.tightened(0.9 * goal.used_by(found)).met_by(found)
    assert goal.tightened(1.01 * goal.used_by(found)).met_by(found)
    assert goal.used_by(Trial(DYNAMIC_INT8, goal.r2, goal.r2_min, 1.0, 1.0)) == 1.0


SMALL = st.integers(0, 3).map(float)  # few values, so that many trials are equal somewhere
TRIALS = st.lists(st.builds(lambda a, b, c: Trial(DYNAMIC_INT8, 1.0, a, b, c), SMALL, SMALL, SMALL))


@given(TRIALS)
def test_nothing_dominates_the_front_and_it_dominates_all_else(trials: list[Trial]) -> None:
    found = front(trials)
    assert [trial.latency_ms for trial in found] == sorted(trial.latency_ms for trial in found)
    assert not any(one.dominates(other) for one in trials for other in found)
    dominated = [trial for trial in trials if trial not in found]
    assert all(any(one.dominates(trial) for one in found) for trial in dominated)


@pytest.mark.parametrize(
    ("axes", "is_dominated"),
    [
        ((0.9, 10.0, 20.0), False),
        ((0.9, 11.0, 20.0), True),
        ((0.8, 10.0, 20.0), True),
        ((0.8, 10.0, 19.0), False),
    ],
)
def test_one_dominates_another_where_it_is_better_once_and_never_worse(
    axes: tuple[float, float, float], is_dominated: bool
) -> None:
    one = Trial(DYNAMIC_INT8, 1.0, 0.9, 10.0, 20.0)
    assert one.dominates(Trial(DYNAMIC_INT8, 1.0, *axes)) is is_dominated
