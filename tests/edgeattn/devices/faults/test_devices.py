"""Devices and schedulers that end, come back or do not: real processes, really killed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from edgeattn.devices.asking import Asking, DeviceLostError
from edgeattn.devices.on_device.ends import TIMES
from edgeattn.devices.on_device.verbs import BEGUN

from edgeattn.devices.host import DeviceHost
from edgeattn.devices.steady import Steady
from edgeattn.partitions.scheduler import connect
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.turns import Clock, Rounds

GRAPH = Path(__file__).parents[4] / "runtime" / "conformance" / "good.edge" / "model.onnx"
INPUTS = {"tokens": np.ones((1, 5), np.int64), "mask": np.ones((1, 5), np.float32)}
PAUSED = Clock("cost", pause=0.1)  # 30 rounds of it take seconds on any machine
LONG = Rounds(least=30, most=30)
SECONDS = 300.0  # in which a worker must be back, on a machine that is busy

Network = Any


def _time(host: DeviceHost) -> dict[int, list[float]]:
    return host.turns({0: ORT_CPU.on(host).file_runner(GRAPH).bind(INPUTS)}, PAUSED, LONG)


def _amid(host: DeviceHost, act: Any) -> Any:
    """Measure, and act while the device is at it; return what the measurement comes to."""
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(_time, host)
        while not any(host.asking.client.processing().values()):
            time.sleep(0.05)
        time.sleep(1)
        act()
        return found.result()


def _until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def _begun(file: Path) -> dict[str, int]:
    """Return how often the device has begun each request that is not done."""
    with suppress(FileNotFoundError, json.JSONDecodeError):  # there is none, or it is being written
        return dict(json.loads(file.read_text()))
    return {}


def _was_begun(file: Path, request: str, times: int) -> bool:
    return _begun(file).get(request) == times


def _worker(network: Network) -> psutil.Process:
    """Return the process that measures on the device frail."""
    children = psutil.Process(network.started["frail"].pid).children()
    (worker,) = (child for child in children if "spawn_main" in " ".join(child.cmdline()))
    return worker


def test_a_worker_that_dies_in_a_measurement_is_started_again(frail: Network) -> None:
    host = frail.start("frail")
    found = _amid(host, lambda: _worker(frail).kill())
    assert len(found[0]) == LONG.least


def test_a_measurement_that_ends_the_worker_time_and_again_is_given_up_alone(frail: Network) -> None:
    deadly = frail.start("frail")
    file = frail.folder / "frail" / BEGUN / "requests.json"
    with connect(frail.address) as other, ThreadPoolExecutor(2) as pool:
        refused = pool.submit(_time, deadly)
        _until(lambda: bool(_begun(file)))
        (request,) = _begun(file)
        waiting = pool.submit(_time, DeviceHost(Steady(Asking(other, deadly.device))))
        _until(lambda: sum(map(len, frail.client.processing().values())) == 2)
        for times in range(1, TIMES + 1):
            _until(partial(_was_begun, file, request, times))
            _worker(frail).kill()
        with pytest.raises(BadInput, match=rf"device frail: its worker ended {TIMES} times"):
            refused.result()
        assert len(waiting.result()[0]) == LONG.least


def test_a_device_that_does_not_come_back_is_one_line(frail: Network) -> None:
    frail.start("frail")
    host = frail.host("frail", patience=3.0)
    with pytest.raises(DeviceLostError, match=r"device frail: gone in a measurement, and not back in 3 s"):
        _amid(host, lambda: frail.kill("frail"))


def test_a_scheduler_that_ends_is_one_line(frail: Network) -> None:
    frail.start("frail")
    host = frail.host("frail", patience=3.0)
    with pytest.raises(DeviceLostError, match="device frail: "):
        _amid(host, frail.scheduler.kill)
