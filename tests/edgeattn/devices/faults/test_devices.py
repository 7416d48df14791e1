"""Devices that end, come back or do not: real processes, over a real sshd, really killed."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from edgeattn.devices.address import Address
from edgeattn.devices.connection import Connection, DeviceLostError
from edgeattn.devices.host import DeviceHost
from edgeattn.devices.steady import Steady
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.timing.interleaved import Clock, Rounds

GRAPH = Path(__file__).parents[4] / "runtime" / "conformance" / "build" / "good.edge" / "model.onnx"
INPUTS = {"tokens": np.ones((1, 5), np.int64), "mask": np.ones((1, 5), np.float32)}
PAUSED = Clock("cost", pause=0.1)  # 40 rounds of it take seconds on any machine
LONG = Rounds(least=40, most=40)
WORKER, DEVICE = "edgeattn_runtime.device.worker", "edgeattn_runtime.device"

pytestmark = pytest.mark.filterwarnings("ignore:waiting")  # until a device sees that its host has gone

Until = Callable[[Callable[[], bool]], None]


@pytest.fixture
def host(sshd: Any) -> Iterator[DeviceHost]:
    """A device over ssh."""
    connection = Connection(Address.of("pi"))
    connection.ask("describe", {}, {})
    yield DeviceHost(Steady(connection))
    connection.close()
    sshd.stop()
    sshd.start()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def _time(host: DeviceHost) -> dict[int, list[float]]:
    return host.turns({0: ORT_CPU.on(host).file_runner(GRAPH).bind(INPUTS)}, PAUSED, LONG)


def _processes(sshd: Any, module: str) -> list[psutil.Process]:
    """Return the device's processes of a kind: those of the sshd's home."""
    found = []
    for process in psutil.process_iter():
        try:
            is_there = process.environ().get("HOME") == str(sshd.folder / "home")
            if is_there and module in process.cmdline():
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def _is_measuring(sshd: Any) -> bool:
    """Say whether a host has its turn there."""
    with (sshd.folder / "home/.cache/edgeattn/device/turn.lock").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        return False


def _begun(host: DeviceHost, sshd: Any, pool: ThreadPoolExecutor, until: Until) -> Future[Any]:
    """Begin a measurement, and return when the device is at it."""
    measured = pool.submit(_time, host)
    until(lambda: _is_measuring(sshd))
    time.sleep(0.5)
    return measured


def test_a_worker_that_dies_in_a_measurement_is_started_again(
    host: DeviceHost, sshd: Any, pool: ThreadPoolExecutor, until: Until
) -> None:
    measured = _begun(host, sshd, pool, until)
    _processes(sshd, WORKER)[0].kill()
    assert len(measured.result()[0]) == LONG.least


def test_a_measurement_that_ends_the_worker_time_and_again_is_refused_alone(
    host: DeviceHost, sshd: Any, pool: ThreadPoolExecutor, until: Until
) -> None:
    before = {process.pid for process in _processes(sshd, WORKER)}
    other = DeviceHost(Steady(Connection(Address.of("pi"))))
    spared = {process.pid for process in _processes(sshd, WORKER)} - before
    refused = _begun(host, sshd, pool, until)
    waiting = pool.submit(_time, other)
    killed: set[int] = set()
    while not refused.done():
        for process in _processes(sshd, WORKER):
            if process.pid not in spared | killed:
                killed.add(process.pid)
                process.kill()
        time.sleep(0.05)
    with pytest.raises(BadInput, match=r"device pi: .*worker.* 3 "):
        refused.result()
    assert len(waiting.result()[0]) == LONG.least
    other.connection.close()


def test_a_connection_that_is_lost_is_taken_up_again(
    host: DeviceHost, sshd: Any, pool: ThreadPoolExecutor, until: Until
) -> None:
    measured = _begun(host, sshd, pool, until)
    for process in _sessions():
        process.kill()
    assert len(measured.result()[0]) == LONG.least


def test_a_device_process_that_dies_is_started_again(
    host: DeviceHost, sshd: Any, pool: ThreadPoolExecutor, until: Until
) -> None:
    measured = _begun(host, sshd, pool, until)
    (worker,) = _processes(sshd, WORKER)
    _processes(sshd, DEVICE)[0].kill()
    until(lambda: not worker.is_running())
    assert len(measured.result()[0]) == LONG.least


def test_an_sshd_that_is_back_in_time_is_waited_for(
    host: DeviceHost, sshd: Any, pool: ThreadPoolExecutor, until: Until
) -> None:
    measured = _begun(host, sshd, pool, until)
    sshd.stop()
    for process in _sessions():
        process.kill()
    time.sleep(3)
    sshd.start()
    assert len(measured.result()[0]) == LONG.least


def test_a_device_that_does_not_come_back_is_one_line(
    host: DeviceHost, sshd: Any, pool: ThreadPoolExecutor, until: Until
) -> None:
    host.connection.patience = 3.0
    measured = _begun(host, sshd, pool, until)
    sshd.stop()
    for process in _sessions():
        process.kill()
    with pytest.raises(DeviceLostError, match=r"device pi: .*\b3 s"):
        measured.result()


def test_a_connection_that_falls_silent_is_taken_up_again(
    sshd: Any, pool: ThreadPoolExecutor, until: Until
) -> None:
    host = DeviceHost(Steady(Connection(Address.of("pi"), patience=5.0)))
    measured = _begun(host, sshd, pool, until)
    (session,) = _sessions()
    session.suspend()
    assert len(measured.result()[0]) == LONG.least
    assert not session.is_running()
    host.connection.close()


def test_a_host_that_leaves_is_measured_for_no_longer(
    host: DeviceHost, sshd: Any, pool: ThreadPoolExecutor, until: Until
) -> None:
    measured = _begun(host, sshd, pool, until)
    workers = _processes(sshd, WORKER)
    host.connection.patience = 0.001
    host.connection.close()
    until(lambda: not any(worker.is_running() for worker in workers))
    assert isinstance(measured.exception(), BadInput)
    until(lambda: not _is_measuring(sshd))  # the device ends after its worker


def _sessions() -> list[psutil.Process]:
    """Return the ssh processes that this one has started."""
    return [each for each in psutil.Process().children() if each.name() == "ssh"]
