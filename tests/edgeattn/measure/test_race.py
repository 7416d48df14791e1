from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeattn.measure import race as module
from edgeattn.measure.race import race
from edgeattn.results.latency import INT8, PYTORCH
from edgeattn_runtime.graph import Graph, Tensor
from edgeattn_runtime.timing.latency import WINDOW

Arrays = Mapping[str, NDArray[Any]]
GRAPH = Graph((Tensor("x", "float32", ("batch", "sequence")),), ())
INPUTS = [{"x": np.zeros((1, length), "float32")} for length in (9, 2, 5)]


class Runner:
    """Notes whenever it runs, and on what length."""

    def __init__(self, name: str, seen: list[tuple[str, int]]) -> None:
        self.name, self.seen = name, seen

    def __call__(self, inputs: Arrays) -> Arrays:
        return inputs

    def bind(self, inputs: Arrays) -> Callable[[], object]:
        return lambda: self.seen.append((self.name, inputs["x"].shape[1]))


def test_every_runner_runs_every_sample_as_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ROUNDS", 7)
    seen: list[tuple[str, int]] = []
    found = race({name: Runner(name, seen) for name in "ab"}, INPUTS, GRAPH, threads=2)
    assert found.conditions.rounds == 6  # whole passes over three samples
    assert {latency.count for latency in found.latencies.values()} == {6}
    assert found["a"] is found.latencies["a"]
    warmup = found.conditions.warmup
    assert warmup is not None
    assert warmup >= WINDOW
    assert warmup % 3 == 0
    counted = seen[4 + 2 * warmup :]  # after two calls each on the largest
    assert sorted(counted) == sorted((name, length) for name in "ab" for length in (2, 5, 9) for _ in "12")
    for i in range(0, len(counted), 2):  # a round is both runners on one sample
        assert {name for name, _ in counted[i : i + 2]} == {"a", "b"}
        assert len({length for _, length in counted[i : i + 2]}) == 1


def test_the_conditions_say_what_was_run() -> None:
    conditions = race({"a": Runner("a", [])}, INPUTS, GRAPH, threads=2).conditions
    assert conditions.threads == 2
    assert conditions.shape == {"batch": 1, "sequence": 5}
    assert conditions.samples == 3
    assert conditions.spinning is False
    assert conditions.surroundings is not None


def test_many_samples_are_thinned_from_the_smallest_to_the_largest() -> None:
    inputs = [{"x": np.zeros((1, length), "float32")} for length in range(1, 101)]
    seen: list[tuple[str, int]] = []
    found = race({"a": Runner("a", seen)}, inputs, GRAPH, threads=1)
    lengths = {length for _, length in seen}
    assert found.conditions.samples == len(lengths) == module.MOST_SAMPLES
    assert {1, 100} <= lengths


def test_a_slow_model_gets_fewer_samples_and_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_round_seconds", lambda *_: module.RACE_SECONDS / 4)
    found = race({"a": Runner("a", [])}, INPUTS, GRAPH, threads=1)
    assert (found.conditions.samples, found.conditions.rounds) == (2, 2)  # and 2 to warm up: 4 in all


def test_the_slowest_model_is_still_timed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_round_seconds", lambda *_: 10 * module.RACE_SECONDS)
    found = race({"a": Runner("a", [])}, INPUTS, GRAPH, threads=1)
    assert (found.conditions.samples, found.conditions.rounds) == (1, 1)


def test_speedups_are_over_the_original_and_have_intervals() -> None:
    found = race({name: Runner(name, []) for name in (PYTORCH, INT8)}, INPUTS, GRAPH, threads=1)
    speedup = found.speedups[INT8]
    assert speedup.value == pytest.approx(found[PYTORCH].p50 / found[INT8].p50)
    assert speedup.interval is not None
    assert found.speedups[PYTORCH].value == 1
    assert race({"a": Runner("a", [])}, INPUTS, GRAPH, threads=1).speedups == {}
