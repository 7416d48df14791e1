"""A false device can at worst give false numbers: what it answers is plain data, and checked."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeattn.devices.address import Address
from edgeattn.devices.connection import ANSWER, Connection
from edgeattn.devices.host import DeviceHost
from edgeattn.devices.steady import Steady
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_runtime.device.files import Files
from edgeattn_runtime.device.worker import Worker
from edgeattn_runtime.errors import BadInput, EdgeAttnError
from edgeattn_runtime.fields import Field
from edgeattn_runtime.timing.interleaved import Clock, Pace, Rounds

GRAPH = Path(__file__).parents[3] / "runtime" / "conformance" / "build" / "good.edge" / "model.onnx"
INPUTS = {"tokens": np.ones((1, 5), np.int64), "mask": np.ones((1, 5), np.float32)}
ROUNDS = Rounds(2, 2)
STEADY = {"began": 0, "ended": 1, "before": 1.0, "after": 1.0, "best": 1.0, "slept": 0.0}
STATE = {"load": 0.1, "clock_mhz": None, "governor": None}
SURROUNDINGS = {
    "before": STATE,
    "after": STATE,
    "others": None,
    "stolen": None,
    "switches": None,
    "energy_j": None,
}
RACE = {"milliseconds": [[1.0, 2.0]], "warmup": 8, "steady": True, "surroundings": SURROUNDINGS}

Answer = dict[str, Any]

# Answers whatever it is asked with lines that it was told, one after the other.
ROGUE = """
import sys
requests, answers = sys.stdin.buffer, sys.stdout.buffer
for answer in sys.argv[1:]:
    line = requests.readline()
    if not line:
        break
    requests.read(__import__("json").loads(line)["bytes"])
    answers.write(bytes.fromhex(answer))
    answers.flush()
requests.read()
"""


def _frame(answer: Answer, content: str = "") -> str:
    return json.dumps({**answer, "bytes": len(content)}) + "\n" + content


def _command(*answers: str) -> tuple[str, ...]:
    return (sys.executable, "-c", ROGUE, *(answer.encode("latin-1").hex() for answer in answers))


@pytest.fixture
def described(tmp_path: Path) -> Answer:
    """What a device says of itself."""
    return dict(Worker(Files(tmp_path, 1), 1).describe(Field("", {}))[0])


@pytest.fixture
def rogue(described: Answer) -> Any:
    """A device that answers its description, and then what is given."""
    connections = []

    def started(*answers: str) -> DeviceHost:
        command = _command(_frame(described), *answers)
        connections.append(Connection(Address("rogue", command), patience=5.0))
        return DeviceHost(Steady(connections[-1]))

    yield started
    for connection in connections:
        connection.close()


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"times": [[[1.0, 2.0]]]},
        {"times": [[[1.0, 2.0]]], "steadiness": {**STEADY, "best": 0}},
        {"times": [[[1.0, 2.0]]], "steadiness": {**STEADY, "best": "a"}},
        {"times": [[[1.0]]], "steadiness": STEADY},
        {"times": [[[1.0, -2.0]]], "steadiness": STEADY},
        {"times": [[[1.0, "x"]]], "steadiness": STEADY},
        {"times": [[[1.0, None]]], "steadiness": STEADY},
        {"times": [[[1.0, 1e400]]], "steadiness": STEADY},
        {"times": [[]], "steadiness": STEADY},
        {"times": {"0": 1}, "steadiness": STEADY},
        {"missing": ["0" * 64]},
        {"missing": "all"},
        {"missing": [["a"]]},
        {"error": "annotations", "reason": "no class of errors"},
        {"error": "os.system", "reason": {"__reduce__": "touch"}},
        {"error": ["BadInput"]},
        {"error": "BadInput", "reason": "\x1b]0;title\x07\r\n" * 1000},
    ],
)
def test_an_answer_that_is_none_is_refused_in_one_line(
    rogue: Callable[..., DeviceHost], answer: Answer
) -> None:
    host = rogue(_frame(answer).replace("Infinity", "1e400"))
    with pytest.raises(BadInput) as error:
        host.turns({0: ORT_CPU.on(host).file_runner(GRAPH).bind(INPUTS)}, Clock(), ROUNDS)
    assert "device rogue: " in str(error.value)
    assert str(error.value).isprintable()


@pytest.mark.parametrize(
    "race",
    [
        None,
        {**RACE, "milliseconds": []},
        {**RACE, "milliseconds": [[1.0, 2.0, 3.0]]},
        {**RACE, "milliseconds": [[1.0, -1.0]]},
        {**RACE, "warmup": -1},
        {**RACE, "steady": "yes"},
        {**RACE, "surroundings": None},
        {**RACE, "surroundings": {**SURROUNDINGS, "energy_j": "much"}},
        {**RACE, "surroundings": {**SURROUNDINGS, "after": {**STATE, "governor": "\x1b[2J"}}},
    ],
)
def test_a_race_that_is_none_is_refused_in_one_line(rogue: Callable[..., DeviceHost], race: object) -> None:
    host = rogue(_frame({"race": race, "steadiness": STEADY}))
    with pytest.raises(BadInput) as error:
        host.race({0: ORT_CPU.on(host).file_runner(GRAPH).bind(INPUTS)}, Pace(2, 1, 1, 0.0))
    assert "device rogue: race" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "frame",
    [
        "Last login: today\n",
        "[" * 50_000 + "\n",
        "[1]\n",
        "{}\n",
        '{"bytes": -1}\n',
        '{"bytes": 1e9}\n',
        '{"bytes": 99999999999999}\n',
        '{"bytes": NaN}\n',
        _frame({}, "\x80\x04\x95)\x00"),  # how a pickle begins
        _frame({}, "\x08\x00\x00\x00\x00\x00\x00\x00{}      ".replace("{}      ", '{"a":1} ')),
    ],
)
def test_what_is_no_frame_is_refused_in_one_line(rogue: Callable[..., DeviceHost], frame: str) -> None:
    host = rogue(frame)
    with pytest.raises(EdgeAttnError) as error:
        ORT_CPU.on(host).file_runner(GRAPH)(INPUTS)
    assert "device rogue: " in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "change",
    [
        {"runtime": "0.0.1"},
        {"runtime": None},
        {"machine": 3},
        {"machine": {}},
        {"providers": [1]},
        {"threads": 0},
        {"threads": "1"},
        {"more": 1},
        {"providers": ["x" * 10_000]},
        {"providers": ["x"] * 3_000},
    ],
)
def test_a_description_that_is_none_is_refused(described: Answer, change: Answer) -> None:
    command = _command(_frame({**described, **change}))
    with pytest.raises(BadInput, match="device rogue: "):
        Connection(Address("rogue", command))


def test_a_pickle_is_never_read(rogue: Callable[..., DeviceHost], tmp_path: Path) -> None:
    """As a device did that answered a task with an object whose pickle calls ``os.system``."""
    mark = tmp_path / "mark"
    host = rogue(f"cposix\nsystem\n(S'touch {mark}'\ntR.")
    with pytest.raises(BadInput, match="device rogue: "):
        host.connection.ask("answer", {}, {})
    assert not mark.exists()


def test_a_description_brings_no_arrays(described: Answer) -> None:
    command = _command(_frame(described, "\x08" + "\0" * 7 + "{}      "))
    with pytest.raises(BadInput, match="arrays of 16 bytes announced; expected 0 to 0"):
        Connection(Address("rogue", command))


def test_an_answer_brings_no_more_than_a_host_takes(rogue: Callable[..., DeviceHost]) -> None:
    host = rogue(f'{{"bytes": {ANSWER + 1}}}\n')
    with pytest.raises(BadInput, match=f"arrays of {ANSWER + 1} bytes announced; expected 0 to {ANSWER:,}"):
        host.connection.ask("answer", {}, {})


def test_a_device_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeattn.devices.connection.START", 0.5)
    command = (sys.executable, "-c", "import sys; sys.stdin.buffer.read()")
    with pytest.raises(
        BadInput, match=r"device rogue: cannot be reached \(no answer in \d+ s\); check its command"
    ):
        Connection(Address("rogue", command))
