from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgeattn_export.search import Trial, front
from edgeattn_export.targets.cpu import DYNAMIC_INT8

SMALL = st.integers(0, 3).map(float)  # few values, so that many trials are equal somewhere
TRIALS = st.lists(st.builds(lambda a, b, c: Trial(DYNAMIC_INT8, 1.0, a, b, c), SMALL, SMALL, SMALL))


@given(TRIALS)
def test_nothing_dominates_the_front_and_it_dominates_all_else(trials: list[Trial]) -> None:
    found = front(trials)
    assert [trial.latency_ms for trial in found] == sorted(trial.latency_ms for trial in found)
    assert not any(one.dominates(other) for one in trials for other in found)
    dominated = [trial for trial in trials if trial not in found]
    assert all(any(one.dominates(trial) for one in found) for trial in dominated)


def test_one_dominates_another_where_it_is_better_once_and_never_worse() -> None:
    one = Trial(DYNAMIC_INT8, 1.0, 0.9, 10.0, 20.0)
    assert not one.dominates(one)
    assert one.dominates(Trial(DYNAMIC_INT8, 1.0, 0.9, 11.0, 20.0))
    assert one.dominates(Trial(DYNAMIC_INT8, 1.0, 0.8, 10.0, 20.0))
    assert not one.dominates(Trial(DYNAMIC_INT8, 1.0, 0.8, 10.0, 19.0))
