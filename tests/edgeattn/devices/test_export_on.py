"""Exports that are measured on devices, end to end."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import edgeattn_runtime
from edgeattn import pipeline
from edgeattn.devices.host import DeviceHost
from edgeattn.devices.places import places
from edgeattn.judge.request import FASTEST, Request
from edgeattn.measure.variants import measurable
from edgeattn.progress import Silent
from edgeattn.results.bundle import read_report
from edgeattn.source.module import ModuleSource
from edgeattn_export.targets import TARGETS
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.bundle.golden import check
from edgeattn_runtime.errors import BadInput, BudgetError, IncompatibleRuntimeError

TINY = Path(__file__).parents[1] / "tiny.py"


def test_a_report_is_of_the_device(
    board: DeviceHost, bench: Any, tmp_path: Path, ran: Callable[..., str], instant_capture: None
) -> None:
    bundle, on = tmp_path / "tiny.edge", ["--on", "board"]
    report = json.loads(ran("export", TINY, "-o", bundle, "--budget", "memory_mb=500", *on, "--json"))
    assert report["device"] == "board"
    assert set(report["latency_ms"]["latencies"]) == {"float", "int8"}
    assert 0 < report["memory_mb"] < 500
    assert any(case["name"].startswith("golden sample 0 on board") for case in report["edge_cases"])
    (variant,) = open_bundle(bundle).manifest.variants
    assert variant.target == "cpu"
    assert variant.measured == board.machine()


def test_several_devices_have_a_variant_each_and_every_price(
    board: DeviceHost,
    bench: Any,
    source: ModuleSource,
    tmp_path: Path,
    ran: Callable[..., str],
    instant_capture: None,
) -> None:
    second = bench.host(bench.add("second", "--threads", "2"))
    found = places([second.connection, board.connection], [TARGETS["cpu"]])
    assert [place.threads for place in found] == [2, 1]
    bundle = pipeline.run(source, Request.read("cpu", None, FASTEST, places=found), Silent())
    folder = bundle.save(tmp_path / "tiny.edge")
    files = open_bundle(folder)
    assert [variant.target for variant in measurable(files.manifest)] == ["cpu-on-second", "cpu-on-board"]
    for host in (second, board):
        name = host.device.name
        report = read_report(files, f"cpu-on-{name}")
        assert report.device == name
        assert {(price.target, price.device) for price in report.prices} == {
            (f"cpu-on-{made}", at) for made in ("second", "board") for at in ("second", "board")
        }
        assert all(price.latency_ms > 0 for price in report.prices)
        model = edgeattn_runtime.load(folder, target=f"cpu-on-{name}")
        assert all(result.ok for result in check(model))
    devices = [word for host in (board, second) for word in ("--on", host.device.name)]
    results = json.loads(ran("bench", folder, *devices, "--json"))
    assert {name: result["target"] for name, result in results.items()} == {
        "board": "cpu-on-board",
        "second": "cpu-on-second",
    }


def test_what_is_about_devices_needs_one(refused: Callable[..., str]) -> None:
    assert "--together: found without --on HOST" in refused("export", str(TINY), "--together")


def test_a_device_must_have_the_targets_engine(board: DeviceHost) -> None:
    with pytest.raises(IncompatibleRuntimeError, match=r"device board: target 'web' needs onnxruntime-web"):
        places([board.connection], [TARGETS["web"]])
    with pytest.raises(BadInput, match="fixes its sizes"):
        places([board.connection], [TARGETS["xnnpack"]])


def test_a_ratio_to_pytorch_is_no_limit_on_a_device(board: DeviceHost) -> None:
    found = places([board.connection], [TARGETS["cpu"]])
    with pytest.raises(BudgetError, match="which has no PyTorch"):
        Request.read("cpu", {"latency_ratio": 2.0}, FASTEST, places=found)
