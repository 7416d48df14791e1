from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from edgeattn_runtime.timing.interleaved import Clock, Each, InTurn, Rounds, timed

WORK = 20_000  # additions: enough that ten times as many are told apart


def _work(times: int) -> Callable[[], object]:
    return lambda: sum(range(WORK * times))


@pytest.mark.parametrize(
    "clock", [Clock("wall"), Clock("processor"), Clock("cost"), Clock("cost", threads=2)]
)
def test_every_clock_tells_work_apart(clock: Clock) -> None:
    times = timed({"less": _work(1), "more": _work(10)}, clock, Rounds(least=5, most=5, warmup=1))
    assert min(times["more"]) > min(times["less"]) > 0


def test_waiting_costs_no_processor_time() -> None:
    calls = {"busy": _work(10), "waiting": lambda: time.sleep(0.01)}
    times = timed(calls, Clock("processor"), Rounds(least=5, most=5))
    assert min(times["busy"]) > max(times["waiting"])


def test_as_many_rounds_are_made_as_the_time_allows() -> None:
    def rounds(seconds: float) -> int:
        return len(timed({0: lambda: None}, Clock("wall"), Rounds(least=2, most=9, seconds=seconds))[0])

    assert (rounds(0.0), rounds(60.0)) == (2, 9)


def test_several_calls_are_one() -> None:
    order: list[int] = []
    calls = [lambda i=i: order.append(i) for i in range(3)]
    in_turn, each = InTurn(calls), Each(calls)
    in_turn()
    in_turn()
    each()
    assert order == [0, 1, 0, 1, 2]
