from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import chain, repeat

import pytest

from edgeattn_runtime.latency import WINDOW, WarmUp, warm_up

Spending = Callable[[Iterator[float]], Callable[[], None]]


@pytest.fixture
def spending(monkeypatch: pytest.MonkeyPatch) -> Spending:
    """Make calls that take the times of a series, in ms, by a clock that stands still otherwise."""
    now = 0

    def make(times: Iterator[float]) -> Callable[[], None]:
        def call() -> None:
            nonlocal now
            now += int(1e6 * next(times))

        return call

    monkeypatch.setattr(time, "perf_counter_ns", lambda: now)
    monkeypatch.setattr(time, "perf_counter", lambda: now / 1e9)
    return make


def test_calls_that_are_steady_at_once_take_three_windows(spending: Spending) -> None:
    assert warm_up({"a": spending(repeat(5.0))}, seconds=10) == WarmUp(3 * WINDOW, steady=True)


def test_calls_that_get_faster_are_waited_for(spending: Spending) -> None:
    falling = (100.0 - 10 * (i // WINDOW) for i in range(5 * WINDOW))
    warm = warm_up({"a": spending(chain(falling, repeat(50.0)))}, seconds=1000)
    assert warm == WarmUp(8 * WINDOW, steady=True)  # five, each faster, one more as fast, and two to see it


def test_one_slow_call_does_not_prolong_it(spending: Spending) -> None:
    hiccup = (900.0 if i == WINDOW + 2 else 5.0 for i in range(10 * WINDOW))
    assert warm_up({"a": spending(hiccup)}, seconds=10) == WarmUp(3 * WINDOW, steady=True)


def test_what_never_settles_is_said_when_the_time_is_over(spending: Spending) -> None:
    falling = (1000.0 * 0.9 ** (i // WINDOW) for i in range(1000))
    warm = warm_up({"a": spending(falling)}, seconds=20)
    assert not warm.steady
    assert warm.rounds < 100


def test_windows_are_whole_units(spending: Spending) -> None:
    assert warm_up({"a": spending(repeat(1.0))}, seconds=10, unit=5).rounds == 3 * 10
    assert warm_up({"a": spending(repeat(1.0))}, seconds=0, unit=5, window=1).rounds == 5


def test_nobody_to_warm_up() -> None:
    assert warm_up({}, seconds=1) == WarmUp(0, steady=True)
