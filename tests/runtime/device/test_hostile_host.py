"""What a host sends goes through the checks of a bundle from a stranger: it reads and writes no file here."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper  # noqa: TID251 - a graph whose weights lie outside, written plainly
from safetensors.numpy import save

from edgeattn_runtime.device.peer import NOTE, Peer
from edgeattn_runtime.errors import BadInput

SECRET = b"PRIVATE KEY OF THE DEVICE 012345"
INPUTS = save({"x": np.zeros(1, np.float32)})
LIMIT_MB = 20
SETTINGS = {"threads": 1, "spinning": False, "arena": True, "memory_pattern": True}
ONCE = {"least": 1, "most": 1, "seconds": None, "warmup": 0}
CLOCK = {"kind": "wall", "threads": 1, "pause": 0.0}
BENCH = {"verb": "bench", "files": {}, "threads": [], "target": None, "rounds": 1, "kernels": True}
PACE = {"rounds": 1, "unit": 1, "window": 1, "seconds": 0.0}

Plain = dict[str, Any]


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _command(folder: Path, *options: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "edgeattn_runtime.device", "--files", str(folder), *options)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the device is started, and has a secret."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "key.bin").write_bytes(SECRET)
    return folder


@pytest.fixture(scope="module")
def device(home: Path) -> Iterator[Peer]:
    device = Peer(_command(home / "files", "--files-mb", str(LIMIT_MB)), folder=home)
    yield device
    device.end()


def _graph(location: str | None = None, *, size: int = 32, node: str = "") -> bytes:
    """Return a graph that answers its weights, which may lie in another file."""
    weights = TensorProto(name="w", data_type=TensorProto.UINT8, dims=[size])
    if location is None:
        weights.raw_data = bytes(size)
    else:
        weights.data_location = TensorProto.EXTERNAL
        entry = weights.external_data.add()
        entry.key, entry.value = "location", location
    nodes = [helper.make_node("Identity", ["w"], ["y"]), helper.make_node("Relu", ["x"], ["z"], name=node)]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])]
    outputs = [
        helper.make_tensor_value_info("y", TensorProto.UINT8, [size]),
        helper.make_tensor_value_info("z", TensorProto.FLOAT, [1]),
    ]
    graph = helper.make_graph(nodes, "g", inputs, outputs, [weights])
    operators = [helper.make_opsetid("", 17)]
    return bytes(helper.make_model(graph, opset_imports=operators, ir_version=8).SerializeToString())


def _pieces(*contents: bytes) -> tuple[list[Plain], dict[str, Any]]:
    told = [{"sha256": _sha256(each), "start": 0, "size": len(each)} for each in contents]
    return told, {str(i): np.frombuffer(each, np.uint8) for i, each in enumerate(contents)}


def _answer(device: Peer, *contents: bytes, graph: Plain | None = None, **changes: Any) -> Any:
    """Ask for an answer of the first content, a graph; changes are of what is told of it."""
    model = contents[0]
    pieces, arrays = _pieces(*contents, INPUTS)
    told = {
        "name": "model.onnx",
        "files": {"model.onnx": _sha256(model)},
        "providers": ["CPUExecutionProvider"],
        "options": {},
        "settings": SETTINGS,
    }
    request = {"graph": {**told, **changes}, "inputs": _sha256(INPUTS), "pieces": pieces}
    return device.ask({"verb": "answer", **request}, arrays)[1]


def test_an_honest_host_is_answered(device: Peer) -> None:
    assert bytes(_answer(device, _graph())["y"]) == bytes(32)


@pytest.mark.parametrize(
    "option",
    [
        "session.model_external_initializers_file_folder_path",
        "session.collect_node_memory_stats_to_file",
        "session.optimized_model_filepath",
        "ep.context_file_path",
        "session.custom_ops_library",
        "session.resource_cuda_partitioning_settings",
    ],
)
def test_no_option_leads_to_a_file(device: Peer, home: Path, option: str) -> None:
    before = {path: path.read_bytes() for path in home.iterdir() if path.is_file()}
    with pytest.raises(BadInput, match="unknown option"):
        _answer(device, _graph("key.bin"), options={option: str(home)})
    with pytest.raises(BadInput, match="a word of A-Z"):
        _answer(device, _graph(), options={"session.dynamic_block_base": f"{home}/x"})
    assert {path: path.read_bytes() for path in home.iterdir() if path.is_file()} == before


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize(
    "location", ["key.bin", "../key.bin", "../../key.bin", "../../../key.bin", "/{home}/key.bin"]
)
def test_no_graph_finds_a_file_of_the_device(device: Peer, home: Path, location: str, beside: bool) -> None:
    graph = _graph(location.replace("/{home}", str(home)))
    more = {"files": {"model.onnx": _sha256(graph), "other.bin": _sha256(b"1")}} if beside else {}
    with pytest.raises(BadInput) as error:
        _answer(device, graph, *([b"1"] if beside else []), **more)
    assert "PRIVATE" not in str(error.value)


@pytest.mark.parametrize("name", ["/{home}/key.bin", "../x", "a//b", ".hidden", "-flag", "a/../../b", ""])
def test_no_name_leaves_its_folder(device: Peer, home: Path, name: str) -> None:
    name = name.replace("/{home}", str(home))
    graph = _graph()
    with pytest.raises(BadInput):
        _answer(device, graph, name=name)
    with pytest.raises(BadInput):
        _answer(device, graph, name=name, files={name: _sha256(graph), "b": _sha256(graph)})


@pytest.mark.parametrize(
    "changes",
    [
        {"providers": []},
        {"providers": ["NoSuchExecutionProvider"]},
        {"providers": "CPUExecutionProvider"},
        {"settings": {**SETTINGS, "threads": 10**9}},
        {"settings": {**SETTINGS, "profile": "x"}},
        {"files": {"model.onnx": "../key.bin"}},
        {"files": {"model.onnx": "A" * 64}},
        {"library": "x.so"},
    ],
)
def test_what_is_no_graph_to_open_is_refused(device: Peer, changes: Plain) -> None:
    with pytest.raises(BadInput):
        _answer(device, _graph(), **changes)


@pytest.mark.parametrize(
    "request_",
    [
        {"verb": "dance"},
        {"verb": "__class__"},
        {"verb": None},
        {},
        {"verb": "time"},
        {"verb": "time", "races": [{"calls": [], "clock": CLOCK, "rounds": ONCE}]},
        {"verb": "time", "races": [{"calls": [{}], "clock": CLOCK, "rounds": ONCE}]},
        {"verb": "time", "races": {}},
        {"verb": "race", "calls": [], "pace": PACE},
        {"verb": "race", "calls": [{}], "pace": {**PACE, "seconds": 1e9}},
        {"verb": "race", "calls": [{}], "pace": {**PACE, "rounds": 0}},
        {"verb": "answer", "graph": None, "inputs": "x"},
        *(
            {**BENCH, **change}
            for change in (
                {"target": "--help"},
                {"files": {"../x": "0" * 64}},
                {"threads": ["1;reboot"]},
                {"threads": [1025]},
                {"rounds": 1e3},
                {"rounds": 1_000_001},
            )
        ),
        {"verb": "describe", "pieces": [{"sha256": "../key.bin", "start": 0, "size": 1}]},
        {"verb": "describe", "pieces": 3},
    ],
)
def test_a_request_that_is_none_is_refused_in_one_line(device: Peer, request_: Plain) -> None:
    with pytest.raises(BadInput) as error:
        device.ask(request_)
    assert "\n" not in str(error.value)
    assert device.ask({"verb": "describe"})[0]["threads"] == 1


def test_pieces_are_as_large_as_was_announced(device: Peer, home: Path) -> None:
    """As a host did that sent 64 MB as a file of one byte."""
    content = bytes(8_000_000)
    for i in range(8):
        piece = {"sha256": _sha256(b"never"), "start": i * len(content), "size": 1}
        with pytest.raises(BadInput, match="a piece of"):
            device.ask({"verb": "describe", "pieces": [piece]}, {"0": np.frombuffer(content, np.uint8)})
    for i in range(8):
        piece = {"sha256": f"{i:064x}", "start": 0, "size": len(content) + 1}
        device.ask({"verb": "describe", "pieces": [piece]}, {"0": np.frombuffer(content, np.uint8)})
    kept = sum(path.stat().st_size for path in (home / "files").iterdir())
    assert kept <= LIMIT_MB * 1e6


@pytest.mark.parametrize(
    "sent",
    [
        b"cposix\nsystem\n(S'touch {mark}'\ntR.\n",
        b"[" * 50_000 + b"\n",
        b'{"verb": "describe", "bytes": 99999999999}\n',
        b'{"verb": "describe", "bytes": -1}\n',
        b'{"verb": "describe", "bytes": 5}\n\x80\x04\x95)\x00',
        b"\0" * (1 << 24),
        b'{"verb": "describe", "a": [' + b"{}," * 70_000 + b'{}], "bytes": 0}\n',
    ],
    ids=["pickle", "deep", "huge", "negative", "no safetensors", "endless line", "many objects"],
)
def test_what_is_no_frame_ends_the_device_with_a_line(tmp_path: Path, sent: bytes) -> None:
    mark = tmp_path / "mark"
    done = subprocess.run(
        _command(tmp_path / "files"),
        input=sent.replace(b"{mark}", str(mark).encode()),
        capture_output=True,
        check=False,
        timeout=120,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    (answer,) = (each for each in answers if NOTE not in each)  # a worker that starts slowly says so before
    assert answer["error"] == "BadInput"
    assert "smaller" not in answer["reason"]
    assert b"Traceback" not in done.stderr
    assert not mark.exists()
