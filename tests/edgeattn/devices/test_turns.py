"""Hosts that share a device take turns, and are told that they wait."""

from __future__ import annotations

import threading
import warnings
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeattn.devices.host import DeviceHost
from edgeattn_export.lower.ort_cpu import ORT_CPU

GRAPH = Path(__file__).parents[3] / "runtime" / "conformance" / "build" / "good.edge" / "model.onnx"
INPUTS = {"tokens": np.ones((1, 5), np.int64), "mask": np.ones((1, 5), np.float32)}


def _race(pause: float) -> dict[str, Any]:
    clock = {"kind": "cost", "threads": 1, "pause": pause}
    return {"clock": clock, "rounds": {"least": 9, "most": 9, "seconds": None, "warmup": 0}}


@pytest.mark.filterwarnings("ignore:waiting")  # as it may take long, on a busy machine
def test_two_hosts_take_turns(bench: Any) -> None:
    address = bench.add("shared")
    spans: list[tuple[float, float]] = []

    def measure(host: DeviceHost) -> None:
        call = ORT_CPU.on(host).file_runner(GRAPH).bind(INPUTS)
        for _ in range(3):
            request = {"races": [{"calls": [asdict(call.spec)], **_race(0.05)}]}
            steadiness = host.connection.ask("time", request, call.contents())[0]["steadiness"]
            spans.append((steadiness["began"], steadiness["ended"]))

    threads = [threading.Thread(target=measure, args=(bench.host(address),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(spans) == 6
    ordered = sorted(spans)
    assert all(ended <= began for (_, ended), (began, _) in pairwise(ordered))


def test_a_host_that_waits_is_told_once(bench: Any) -> None:
    address = bench.add("busy")
    first, second = bench.host(address), bench.host(address)
    call = ORT_CPU.on(first).file_runner(GRAPH).bind(INPUTS)
    request = {"races": [{"calls": [asdict(call.spec)], **_race(0.4)}]}
    arguments = ("time", request, call.contents())
    measuring = threading.Thread(target=first.connection.ask, args=arguments)
    measuring.start()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        while measuring.is_alive():
            second.connection.ask("describe", {}, {})
    measuring.join()
    assert [str(each.message) for each in told] == ["waiting: busy is measuring for another host"]


def test_what_is_measured_alone_waits_for_nobody(board: DeviceHost) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        board.connection.ask("describe", {}, {})
