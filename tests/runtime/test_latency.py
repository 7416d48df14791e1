from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count

import pytest

from edgeattn_runtime.batches import in_batches
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.latency import Latency, interleave, measure

MS = 1_000_000  # nanoseconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """A clock that stands still but for what a call says it took, in ms."""
    now = 0

    def spend(milliseconds: float) -> None:
        nonlocal now
        now += int(milliseconds * MS)

    monkeypatch.setattr(time, "perf_counter_ns", lambda: now)
    return spend


def test_percentiles(clock: Callable[[float], None]) -> None:
    durations = iter([1000.0, *range(101)])  # the first is warm-up
    found = measure(lambda: clock(next(durations)), rounds=101, warmup=1)
    assert (found.p50, found.p90, found.p99, found.mean, found.count) == (50.0, 90.0, 99.0, 50.0, 101)


def test_a_distribution_is_quantiles_from_the_fastest_call_to_the_slowest(
    clock: Callable[[float], None],
) -> None:
    durations = iter(range(1, 42))
    found = measure(lambda: clock(next(durations)), rounds=41, warmup=0)
    assert found.quantiles == tuple(map(float, range(1, 42)))


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


def test_each_runner_has_its_own_times(clock: Callable[[float], None]) -> None:
    latencies = interleave({"slow": lambda: clock(3), "fast": lambda: clock(1)}, rounds=5, warmup=0)
    assert {name: (it.p50, it.p99, it.count) for name, it in latencies.items()} == {
        "slow": (3.0, 3.0, 5),
        "fast": (1.0, 1.0, 5),
    }


def test_no_runners() -> None:
    assert interleave({}, rounds=1, warmup=1) == {}


@pytest.mark.parametrize(("rounds", "warmup"), [(0, 0), (-1, 0), (1, -1)])
def test_rounds_must_be_some(rounds: int, warmup: int) -> None:
    calls = count()
    with pytest.raises(BadInput, match=f"{rounds} rounds .*{warmup} "):
        measure(lambda: next(calls), rounds=rounds, warmup=warmup)
    assert next(calls) == 0
