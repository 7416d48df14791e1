from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeattn.devices import pieces, steady
from edgeattn.devices.asking import Asking
from edgeattn.devices.disturbance import Disturbance
from edgeattn.devices.host import DeviceHost
from edgeattn.devices.races import TOGETHER
from edgeattn_export.graph.samples import Inputs
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_runtime.errors import BadInput, BundleError, InputError
from edgeattn_runtime.settings import SessionSettings
from edgeattn_runtime.turns import Clock, Each, InTurn, Rounds

GRAPH = Path(__file__).parents[3] / "runtime" / "conformance" / "good.edge" / "model.onnx"
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


def test_what_is_large_comes_in_pieces_with_the_request(
    board: DeviceHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, int]] = []
    task = Asking._task

    def noted(asking: Asking, verb: str, request: Mapping[str, Any]) -> Any:
        sent.append((verb, sum(len(piece["piece"]) for piece in request["pieces"])))
        return task(asking, verb, request)

    monkeypatch.setattr(Asking, "_task", noted)
    monkeypatch.setattr(pieces, "SIZE", 1000)
    inputs: Inputs = {"tokens": np.full((60, 5), 2), "mask": np.ones((60, 5), np.float32)}
    found = ORT_CPU.on(board).file_runner(GRAPH)(inputs)
    assert {verb for verb, _ in sent} == {"answer"}
    assert len(sent) > 3
    assert max(size for _, size in sent) <= 1000
    for name, array in ORT_CPU.file_runner(GRAPH)(inputs).items():
        np.testing.assert_array_equal(found[name], array)


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


def test_many_short_races_share_tasks(board: DeviceHost, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    ask = Asking.ask

    def noted(asking: Asking, verb: str, *given: object) -> object:
        asked.append(verb)
        return ask(asking, verb, *given)

    monkeypatch.setattr(Asking, "ask", noted)
    monkeypatch.setattr(steady, "REPEATS", 0)
    runner = ORT_CPU.on(board).file_runner(GRAPH)
    races = [{0: runner.bind(INPUTS[0])}] * (TOGETHER + 1)
    assert len(list(board.races(races, Clock(), ROUNDS))) == len(races)
    assert asked == ["time", "time"]


def test_what_fails_there_is_raised_here(board: DeviceHost, tmp_path: Path) -> None:
    broken = tmp_path / "model.onnx"
    broken.write_bytes(b"no graph")
    with pytest.raises(BundleError, match=r"device board: .*cannot load it"):
        ORT_CPU.on(board).file_runner(broken)(INPUTS[0])
    runner = ORT_CPU.on(board).file_runner(GRAPH)
    with pytest.raises(BadInput, match="device board: inputs mask missing"):
        runner({"tokens": INPUTS[0]["tokens"]})
    far: Inputs = {**INPUTS[0], "tokens": np.full((1, 2), 10**6)}
    with pytest.raises(InputError, match="out of range"):
        runner(far)


@pytest.fixture
def told(board: DeviceHost, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """How many times slower the device is, measurement by measurement; all else is genuine."""
    slower: list[float] = []
    scripted = iter(slower)
    monkeypatch.setattr(steady.Disturbance, "of", lambda _: Disturbance(next(scripted), 0.0))
    board.steady.marks.clear()
    yield slower
    board.steady.marks.clear()


def _time(board: DeviceHost) -> None:
    board.turns({0: ORT_CPU.on(board).file_runner(GRAPH).bind(INPUTS[0])}, Clock(), ROUNDS)


def test_a_disturbed_measurement_is_made_again(board: DeviceHost, told: list[float]) -> None:
    told += [1.6, 1.0]
    _time(board)
    assert board.steady.marks == []


def test_one_that_stays_disturbed_is_marked(board: DeviceHost, told: list[float]) -> None:
    told += [1.6, 1.5, 1.7]
    _time(board)
    assert board.steady.marks == ["it was 1.5 times slower than at its best, as a device is that throttles"]


def test_one_that_means_nothing_is_refused(board: DeviceHost, told: list[float]) -> None:
    told += [3.0, 2.5, 2.7]
    with pytest.raises(BadInput, match=r"device board: it was 2.5 times slower.*3 times in a row"):
        _time(board)


def test_sleep_is_told() -> None:
    asleep = Disturbance.of({"before": 1.0, "after": 1.1, "best": 1.0, "slept": 7.0})
    assert asleep.is_useless
    assert str(asleep) == "it slept for 7.0 s"
    assert Disturbance.of({"before": 1.0, "after": 1.2, "best": 1.0, "slept": 0.0}).is_steady
