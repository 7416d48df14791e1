from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeattn.__main__ import main
from edgeattn.devices.host import DeviceHost

CONFORMANCE = Path(__file__).parents[3] / "runtime" / "conformance" / "build"
BUNDLE = CONFORMANCE / "good.edge"


def test_what_a_desktop_left_in_a_bundle_is_not_sent(board: DeviceHost, bench: Any) -> None:
    assert (CONFORMANCE / "desktop.edge" / ".DS_Store").is_file()
    assert main(["bench", str(CONFORMANCE / "desktop.edge"), "--on", "board"]) == 0


def test_a_bundle_is_benchmarked_on_a_device(board: DeviceHost, bench: Any, ran: Callable[..., str]) -> None:
    command = ["bench", str(BUNDLE), "--on", "board"]
    result = json.loads(ran(*command, "--json"))["board"]
    assert result["machine"]["cpu"] == board.device.machine.cpu
    assert all(golden["ok"] for golden in result["golden"])
    assert [run["threads"] for run in result["runs"]] == [1]
    assert "Golden samples on board: " in ran(*command)


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (["--on", "-oProxyCommand=x"], "device '-oProxyCommand=x'"),
        (["--on", "board", "--on", "board"], "device 'board'"),
        (["--on", "board", "--shape", "batch=1"], "--shape"),
        (["--on", "absent"], "no-such-command"),
    ],
)
def test_what_cannot_be_is_one_line(
    board: DeviceHost, bench: Any, capsys: pytest.CaptureFixture[str], more: list[str], named: str
) -> None:
    file = bench.folder / "edgeattn" / "devices.toml"
    listed = file.read_text()
    file.write_text(f'{listed}[absent]\ncommand = ["no-such-command"]\n')
    try:
        assert main(["bench", str(BUNDLE), *more]) == 2
    finally:
        file.write_text(listed)
    error = capsys.readouterr().err
    assert named in error
    assert error.count("\n") == 1


def test_a_bundle_that_the_device_cannot_run_is_one_line(
    board: DeviceHost, bench: Any, tmp_path: Path, refused: Callable[..., str]
) -> None:
    bundle = tmp_path / "other.edge"
    shutil.copytree(BUNDLE, bundle)
    manifest = json.loads((bundle / "manifest.json").read_text())
    for variant in manifest["variants"]:
        variant["engine"] |= {"version": "99.0"}
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    assert "device board: " in (error := refused("bench", bundle, "--on", "board"))
    assert "needs onnxruntime 99.0" in error
