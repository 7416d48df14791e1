"""Hosts that share a device, and names that lead to none."""

from __future__ import annotations

import threading
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeattn.devices.asking import Asking
from edgeattn.partitions.scheduler import connect
from edgeattn.devices.host import DeviceHost
from edgeattn.devices.on_device import scheduler
from edgeattn.devices.steady import Steady
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_runtime.errors import BadInput

GRAPH = Path(__file__).parents[3] / "runtime" / "conformance" / "good.edge" / "model.onnx"
INPUTS = {"tokens": np.ones((1, 5), np.int64), "mask": np.ones((1, 5), np.float32)}

Network = Any


def test_two_hosts_take_turns(board: DeviceHost, network: Network) -> None:
    call = ORT_CPU.on(board).file_runner(GRAPH).bind(INPUTS)
    race = {
        "calls": [call.plain()],
        "clock": {"kind": "cost", "pause": 0.05},
        "rounds": {"least": 9, "most": 9},
    }
    spans: list[tuple[float, float]] = []

    def measure(host: DeviceHost) -> None:
        for _ in range(3):
            told = host.asking.ask("time", {"races": [race]}, call.contents())["steadiness"]
            spans.append((told["began"], told["ended"]))

    with connect(network.address) as other:
        hosts = (board, DeviceHost(Steady(Asking(other, board.device))))
        threads = [threading.Thread(target=measure, args=(host,)) for host in hosts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(spans) == 6
    ordered = sorted(spans)
    assert all(ended <= began for (_, ended), (began, _) in pairwise(ordered))


def test_a_scheduler_that_does_not_answer_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "SECONDS", 1.0)
    with pytest.raises(BadInput, match=r"scheduler tcp://127.0.0.1:1: no answer in 1 s .*dask scheduler"):
        connect("tcp://127.0.0.1:1")
    with pytest.raises(BadInput, match="tcp://HOST:PORT"):
        connect("pi4")


def test_a_name_is_one_devices(board: DeviceHost, network: Network) -> None:
    with pytest.raises(BadInput, match="'nobody': not at this scheduler, which has board"):
        network.host("nobody")
