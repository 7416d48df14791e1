from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from edgeattn.__main__ import main
from edgeattn.devices.host import DeviceHost

BUNDLE = Path(__file__).parents[3] / "runtime" / "conformance" / "good.edge"

Network = Any


def test_a_bundle_is_benchmarked_on_a_device(
    board: DeviceHost, network: Network, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["bench", str(BUNDLE), "--on", "board", "--scheduler", network.address]
    assert main([*command, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)["board"]
    assert result["machine"]["cpu"] == board.device.machine.cpu
    assert all(golden["ok"] for golden in result["golden"])
    assert [run["threads"] for run in result["runs"]] == [1]
    assert main(command) == 0
    assert "Golden samples on board: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--on", "pi4"], r"device 'pi4': not at this scheduler, which has board"),
        (["--on", "board", "--on", "board"], "a device given twice"),
        (["--on", "board", "--shape", "batch=1"], "leave MODEL and --shape out"),
    ],
)
def test_what_cannot_be_is_one_line(
    board: DeviceHost, network: Network, capsys: pytest.CaptureFixture[str], more: list[str], told: str
) -> None:
    assert main(["bench", str(BUNDLE), *more, "--scheduler", network.address]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1


def test_without_a_scheduler_it_says_how_to_name_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EDGEATTN_SCHEDULER", raising=False)
    assert main(["bench", str(BUNDLE), "--on", "pi4"]) == 2
    assert "edgeattn device tcp://HOST:PORT --name NAME" in capsys.readouterr().err


def test_a_bundle_that_the_device_cannot_run_is_one_line(
    board: DeviceHost, network: Network, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = tmp_path / "other.edge"
    shutil.copytree(BUNDLE, bundle)
    manifest = json.loads((bundle / "manifest.json").read_text())
    for variant in manifest["variants"]:
        variant["engine"] |= {"version": "99.0"}
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    assert main(["bench", str(bundle), "--on", "board", "--scheduler", network.address]) == 2
    assert "device board: " in (error := capsys.readouterr().err)
    assert "needs onnxruntime 99.0" in error
