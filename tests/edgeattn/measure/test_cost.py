from __future__ import annotations

import time
from collections.abc import Callable
from itertools import cycle, islice

import pytest

from edgeattn.measure.cost import Way, cheapest

Scripted = Callable[..., str]
ROUNDS = 8


@pytest.fixture
def scripted() -> Scripted:
    """``cheapest`` over ways whose costs follow a script, round by round; the first is the default."""

    def choose(answers: dict[str, int] | None = None, /, **costs: list[float]) -> str:
        ways = {name: Way(lambda: None, (answers or {}).get(name, 1)) for name in costs}
        found = {name: list(islice(cycle(numbers), ROUNDS)) for name, numbers in costs.items()}
        return cheapest(ways, next(iter(costs)), margin=0.1, turns=lambda *_: found)

    return choose


def test_the_cheapest_wins(scripted: Scripted) -> None:
    assert scripted(default=[10], dear=[11], cheap=[5], cheaper=[4]) == "cheaper"


def test_a_gain_below_the_margin_keeps_the_default(scripted: Scripted) -> None:
    assert scripted(default=[10], other=[9.1]) == "default"
    assert scripted(default=[10], other=[8.9]) == "other"


def test_a_gain_in_too_few_rounds_keeps_the_default(scripted: Scripted) -> None:
    assert scripted(default=[10], other=[5, 5, 12, 12]) == "default"
    assert scripted(default=[10], other=[5, 5, 5, 5, 5, 5, 5, 12]) == "other"


def test_rounds_are_compared_within_themselves(scripted: Scripted) -> None:
    weather = [1, 9, 3, 7]
    assert scripted(default=weather, other=[number * 0.8 for number in weather]) == "other"


def test_a_call_for_several_answers_shares_its_cost(scripted: Scripted) -> None:
    assert scripted({"eight": 8}, one=[1], eight=[6]) == "eight"
    assert scripted({"eight": 8}, one=[1], eight=[7.9]) == "one"


WORK = 20_000  # additions: enough that ten times as many are told apart


def _work(times: int) -> Callable[[], object]:
    return lambda: sum(range(WORK * times))


@pytest.mark.parametrize("threads", [1, 2])
def test_real_work_is_told_apart(threads: int) -> None:
    ways = {"more": Way(_work(10)), "less": Way(_work(1))}
    assert cheapest(ways, "more", margin=0.1, threads=threads) == "less"
    assert cheapest(ways, "less", margin=0.1, threads=threads) == "less"


def test_on_one_thread_waiting_costs_nothing() -> None:
    def waiting() -> None:
        _work(1)()
        time.sleep(0.01)

    ways = {"busy": Way(_work(10)), "waiting": Way(waiting)}
    assert cheapest(ways, "busy", margin=0.1) == "waiting"
