from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import chain, count, repeat

import pytest

from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.timing.confidence import in_batches
from edgeattn_runtime.timing.latency import WINDOW, Latency, WarmUp, interleave, measure, warm_up

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


def test_percentiles(spending: Spending) -> None:
    durations = iter([1000.0, *range(101)])  # the first is warm-up
    latency = measure(spending(durations), rounds=101, warmup=1)
    assert (latency.p50, latency.p90, latency.p99) == (50.0, 90.0, 99.0)
    assert (latency.mean, latency.count) == (50.0, 101)


def test_a_distribution_is_quantiles_from_the_fastest_call_to_the_slowest(spending: Spending) -> None:
    latency = measure(spending(iter(range(1, 42))), rounds=41, warmup=0)
    assert latency.quantiles == tuple(map(float, range(1, 42)))


def test_few_calls_have_no_intervals_and_many_have() -> None:
    few = Latency.of(in_batches([1.0, 2.0, 3.0]))
    assert (few.p50_interval, few.p90_interval, few.p99_interval) == (None, None, None)
    many = Latency.of(in_batches([1.0, 2.0, 3.0] * 300))
    for figure, interval in (
        (many.p50, many.p50_interval),
        (many.p90, many.p90_interval),
        (many.p99, many.p99_interval),
    ):
        assert interval is not None
        assert interval.low <= figure <= interval.high


def test_runners_take_turns_in_rotated_order() -> None:
    calls: list[str] = []
    runners = {name: (lambda name=name: calls.append(name)) for name in "abc"}
    latencies = interleave(runners, rounds=4, warmup=1)
    assert "".join(calls) == "cab" + "abc" + "bca" + "cab" + "abc"
    assert list(latencies) == ["a", "b", "c"]
    assert {latency.count for latency in latencies.values()} == {4}


def test_each_runner_has_its_own_times(spending: Spending) -> None:
    latencies = interleave({"slow": spending(repeat(3)), "fast": spending(repeat(1))}, rounds=5, warmup=0)
    assert {name: (it.p50, it.p99, it.count) for name, it in latencies.items()} == {
        "slow": (3.0, 3.0, 5),
        "fast": (1.0, 1.0, 5),
    }


@pytest.mark.parametrize(("rounds", "warmup"), [(0, 0), (-1, 0), (1, -1)])
def test_rounds_must_be_some(rounds: int, warmup: int) -> None:
    calls = count()
    with pytest.raises(BadInput, match=f"{rounds} rounds .*{warmup} "):
        measure(lambda: next(calls), rounds=rounds, warmup=warmup)
    assert next(calls) == 0


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
