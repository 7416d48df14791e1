from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgeattn.devices import files
from edgeattn.devices.host import RACES_PER_REQUEST, DeviceHost
from edgeattn.devices.steady import Steady
from edgeattn_export.graph.samples import Inputs
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_runtime.bundle.session_settings import SessionSettings
from edgeattn_runtime.errors import BadInput, BundleError, InputError
from edgeattn_runtime.timing.interleaved import Clock, Each, InTurn, Pace, Rounds
from edgeattn_runtime.timing.surroundings import State

GRAPH = Path(__file__).parents[3] / "runtime" / "conformance" / "build" / "good.edge" / "model.onnx"
INPUTS = [
    {"tokens": np.ones((1, length), np.int64), "mask": np.ones((1, length), np.float32)} for length in (2, 5)
]
ROUNDS = Rounds(least=3, most=3, warmup=1)


def test_a_graph_answers_there_as_here(board: DeviceHost) -> None:
    here, there = ORT_CPU.file_runner(GRAPH), ORT_CPU.on(board).file_runner(GRAPH)
    for inputs in INPUTS:
        expected, found = here(inputs), there(inputs)
        assert set(found) == set(expected)
        for name, array in expected.items():
            np.testing.assert_array_equal(found[name], array)


def test_what_is_large_comes_in_pieces(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SIZE", 1000)
    host = bench.host(bench.add("piecewise"))
    inputs: Inputs = {"tokens": np.full((60, 5), 2), "mask": np.ones((60, 5), np.float32)}
    answers = ORT_CPU.on(host).file_runner(GRAPH)(inputs)
    for name, array in ORT_CPU.file_runner(GRAPH)(inputs).items():
        np.testing.assert_array_equal(answers[name], array)


def test_calls_are_timed_there_side_by_side(board: DeviceHost) -> None:
    two = SessionSettings(threads=2)
    runners = {
        "one": ORT_CPU.on(board).file_runner(GRAPH),
        "two": ORT_CPU.on(board).file_runner(GRAPH, settings=two),
    }
    calls = {
        "short": runners["one"].bind(INPUTS[0]),
        "in turn": InTurn([runners["one"].bind(inputs) for inputs in INPUTS]),
        "each": Each([runners["two"].bind(inputs) for inputs in INPUTS]),
    }
    for clock in (Clock(), Clock("wall"), Clock("cost", threads=2)):
        found = board.turns(calls, clock, ROUNDS)
        assert list(found) == list(calls)
        assert all(len(times) == 3 and min(times) > 0 for times in found.values())


def test_races_are_timed_in_their_order_however_many(board: DeviceHost) -> None:
    runner = ORT_CPU.on(board).file_runner(GRAPH)
    races = [{i: runner.bind(INPUTS[0])} for i in range(RACES_PER_REQUEST + 1)]
    found = list(board.races(races, Clock(), ROUNDS))
    assert [list(race) for race in found] == [[i] for i in range(RACES_PER_REQUEST + 1)]


def test_calls_are_raced_there_as_here(board: DeviceHost) -> None:
    runner = ORT_CPU.on(board).file_runner(GRAPH)
    calls = {name: InTurn([runner.bind(inputs) for inputs in INPUTS]) for name in ("float", "int8")}
    race = board.race(calls, Pace(rounds=4, unit=2, window=2, seconds=0.05))
    assert list(race.milliseconds) == list(calls)
    assert all(len(times) == 4 and min(times) > 0 for times in race.milliseconds.values())
    assert race.warmup >= 2
    assert race.surroundings.before.governor == State.now().governor  # of the same machine


def test_what_fails_there_is_raised_here(board: DeviceHost, tmp_path: Path) -> None:
    broken = tmp_path / "model.onnx"
    broken.write_bytes(b"no graph")
    with pytest.raises(BundleError, match=r"device board: .*no message of ONNX found"):
        ORT_CPU.on(board).file_runner(broken)(INPUTS[0])
    runner = ORT_CPU.on(board).file_runner(GRAPH)
    with pytest.raises(BadInput, match=r"^device board: .*\bmask\b"):
        runner({"tokens": INPUTS[0]["tokens"]})
    far: Inputs = {**INPUTS[0], "tokens": np.full((1, 2), 10**6)}
    with pytest.raises(InputError, match="out of range"):
        runner(far)


def _measured(slept: float, *factors: float) -> Steady:
    """Return measurements of a device that is slower by factors, one after the other."""
    calm = {"began": 0.0, "ended": 1.0, "before": 1.0, "best": 1.0, "slept": slept}
    answers = [{"times": [factor], "steadiness": {**calm, "after": factor}} for factor in factors]
    scripted = iter(answers)
    return Steady(SimpleNamespace(name="board", ask=lambda *_: (next(scripted), {})))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("factors", "best", "marks"),
    [
        ((1.6, 1.0), 1.0, ()),
        ((1.6, 1.5, 1.7), 1.5, ("it was 1.5 times slower than at its best, as a device is that throttles",)),
    ],
    ids=["made again", "marked"],
)
def test_a_disturbed_measurement_is_made_again_or_marked(
    factors: tuple[float, ...], best: float, marks: tuple[str, ...]
) -> None:
    steady = _measured(0.0, *factors)
    assert steady("time", {}, {})["times"] == [best]
    assert steady.marks == marks


@pytest.mark.parametrize(
    ("slept", "factors", "named"),
    [
        (0.0, (3.0, 2.5, 2.7), "it was 2.5 times slower.*3 times in a row"),
        (7.0, (1.0, 1.0, 1.0), r".*7\.0 s"),
    ],
    ids=["throttled", "slept"],
)
def test_one_that_means_nothing_is_refused(slept: float, factors: tuple[float, ...], named: str) -> None:
    with pytest.raises(BadInput, match=f"^device board: {named}"):
        _measured(slept, *factors)("time", {}, {})
