from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from distributed import Client

import edgeattn_runtime
from edgeattn.devices.device import devices_of, named
from edgeattn.devices.host import DeviceHost
from edgeattn_runtime.errors import BadInput, IncompatibleRuntimeError
from edgeattn_runtime.machine import Machine

BARE, OTHER_RELEASE = (Path(__file__).with_name(name) for name in ("bare_device.py", "other_release.py"))
SECONDS = 120  # in which a device must give up, on a machine that is busy

Network = Any


def test_a_device_says_what_it_is(board: DeviceHost, client: Client) -> None:
    device = named(client, "board")
    here = Machine.here()
    assert (device.machine.cpu, device.machine.instruction_sets) == (here.cpu, here.instruction_sets)
    assert device.runtime == edgeattn_runtime.__version__
    assert "CPUExecutionProvider" in device.providers
    assert device.threads == 1
    assert 0 < device.starting < 600  # of its process, not of the machine


def test_a_name_that_nobody_has_lists_those_there_are(board: DeviceHost, client: Client) -> None:
    with pytest.raises(BadInput, match=r"'pi4': not at this scheduler, which has board \(.*onnxruntime"):
        named(client, "pi4")
    assert "board" in {device.name for device in devices_of(client)}


def test_a_device_of_another_release_is_told_and_keeps_no_other_from_work(frail: Network) -> None:
    files = ("--files", str(frail.folder / "old"))
    frail.run(str(OTHER_RELEASE), frail.address, "--name", "old", *files, "--no-nanny")
    frail.client.wait_for_workers(1, timeout=300)
    with pytest.raises(IncompatibleRuntimeError, match=r"device old: edgeattn 0\.0\.1 found"):
        named(frail.client, "old")
    frail.start("board")
    assert [device.name for device in devices_of(frail.client)] == ["board"]
    with pytest.raises(BadInput, match=r"which has board \(.*; old \(edgeattn 0\.0\.1\)"):
        named(frail.client, "pi4")


@pytest.mark.parametrize("function", [os.getpid, os.system])
def test_a_device_runs_no_function_but_its_verbs(board: DeviceHost, client: Client, function: object) -> None:
    task = client.submit(function, resources={"device:board": 1}, pure=False)
    with pytest.raises(BadInput, match="a device performs its own verbs alone"):
        task.result(timeout=60)
    assert "posix" in str(task.exception())
    with pytest.raises(BadInput, match="device board: verb 'dance'"):
        board.asking.ask("dance", {}, {})


def test_a_device_answers_no_other_request_of_dask(board: DeviceHost, client: Client) -> None:
    with pytest.raises(Exception, match=r"."):  # of one kind or another, by what its peer then reads
        client.run(os.getpid, workers=["board"], on_error="raise")
    assert board.asking.ask("answer", {"calls": []}, {}) == {"answers": []}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["tcp://127.0.0.1:1"], "the following arguments are required: --name"),
        (["tcp://127.0.0.1:1", "--name", "a b"], "letters, digits, _ and - expected"),
        (["tcp://127.0.0.1:1", "--name", "pi4", "--threads", "two"], "invalid int value: 'two'"),
        (["tcp://127.0.0.1:1", "--name", "pi4", "--threads", "0"], "0 threads"),
        (["tcp://127.0.0.1:1", "--name", "pi4", "--files-mb", "nan"], "--files-mb nan: a size above 0"),
        (["tcp://127.0.0.1:1", "--name", "pi4", "--files-mb", "-5"], "--files-mb -5: a size above 0"),
        (["tcp://[::1]", "--name", "pi4"], "tcp://HOST:PORT"),
        (["tcp://[::1]:1", "--name", "pi4"], "scheduler tcp://[::1]:1: no answer"),
    ],
)
def test_what_makes_no_device_is_one_line(
    words: list[str], told: str, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeattn.devices.on_device.scheduler.SECONDS", 0.2)
    assert told in refused("device", *words)


def test_a_name_that_is_taken_is_one_line(board: DeviceHost, network: Network, tmp_path: Path) -> None:
    for options in ((), ("--no-nanny",)):
        device = _device(network, "board", tmp_path, *options)
        _, told = device.communicate(timeout=SECONDS)
        assert "has one already; choose another --name" in told
        assert (device.returncode, told.count("\n")) == (2, 1)


def test_without_a_nanny_a_device_ends_with_its_scheduler_and_says_so(frail: Network) -> None:
    device = _device(frail, "alone", frail.folder / "alone", "--no-nanny")
    frail.client.wait_for_workers(1, timeout=SECONDS)
    frail.scheduler.kill()
    _, told = device.communicate(timeout=SECONDS)
    _, *last = told.splitlines()
    assert last == [f"edgeattn: device alone: {frail.address} has gone, or has ended it; start it again"]
    assert device.returncode == 2


def _device(network: Network, name: str, files: Path, *options: str) -> subprocess.Popen[str]:
    """Start a device that is to end."""
    command = [sys.executable, str(BARE), network.address, "--name", name, "--files", str(files), *options]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
