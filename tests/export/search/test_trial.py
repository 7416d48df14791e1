from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgeattn_export.quantize import DYNAMIC_INT8
from edgeattn_export.search import Trial, front

SMALL = st.integers(0, 3).map(float)  # few values, so that many trials are equal somewhere
TRIALS = st.lists(st.builds(lambda a, b, c: Trial(DYNAMIC_INT8, 1.0, a, b, c), SMALL, SMALL, SMALL))


@given(TRIALS)
def test_the_front_is_what_nothing_beats_and_all_else_is_beaten_by_it(trials: list[Trial]) -> None:
    found = front(trials)
    assert [trial.latency_ms for trial in found] == sorted(trial.latency_ms for trial in found)
    assert not any(one.beats(other) for one in trials for other in found)
    beaten = [trial for trial in trials if trial not in found]
    assert all(any(one.beats(trial) for one in found) for trial in beaten)


def test_one_beats_another_where_it_is_better_once_and_never_worse() -> None:
    one = Trial(DYNAMIC_INT8, 1.0, 0.9, 10.0, 20.0)
    assert not one.beats(one)
    assert one.beats(Trial(DYNAMIC_INT8, 1.0, 0.9, 11.0, 20.0))
    assert one.beats(Trial(DYNAMIC_INT8, 1.0, 0.8, 10.0, 20.0))
    assert not one.beats(Trial(DYNAMIC_INT8, 1.0, 0.8, 10.0, 19.0))
