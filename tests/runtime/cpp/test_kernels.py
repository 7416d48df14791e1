"""The C++ runtime with kernels built into it, and without."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeattn_runtime import __version__

Run = Callable[..., subprocess.CompletedProcess[str]]
CONFORMANCE = Path(__file__).parents[3] / "runtime" / "conformance" / "build"
BUNDLE = CONFORMANCE / "kernels.edge"


@pytest.mark.parametrize(
    ("options", "says"),
    [([], "without kernels: this build has none"), (["--no-kernels"], "without kernels: turned off")],
)
def test_a_build_without(options: list[str], says: str, run: Run, gcc: Path) -> None:
    assert says in run(gcc / "edgeattn-run", "describe", BUNDLE, *options).stdout.splitlines()
    printed = run(gcc / "edgeattn-run", "check", BUNDLE, *options).stdout
    assert printed.splitlines()[0] == says
    assert "FAILED" not in printed


def test_nothing_is_said_of_a_bundle_without_nodes(run: Run, gcc: Path) -> None:
    assert "kernels" not in run(gcc / "edgeattn-run", "describe", CONFORMANCE / "good.edge").stdout


def test_a_build_with(run: Run, kernels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = kernels / "edgeattn-run"
    monkeypatch.setitem(os.environ, "EDGEATTN_KERNELS", "always")
    printed = run(program, "check", BUNDLE).stdout
    assert printed.startswith(f"kernels {__version__} (")
    assert "FAILED" not in printed
    result = json.loads(run(program, "bench", BUNDLE, "--rounds", "1", "--json").stdout)
    assert result["machine"]["kernels"] == printed.splitlines()[0]
    stock = json.loads(run(program, "bench", BUNDLE, "--rounds", "1", "--json", "--no-kernels").stdout)
    assert stock["machine"]["kernels"] == "without kernels: turned off"
    assert stock["golden"] != result["golden"]
    assert "Int8Linear" in run(program, "check", CONFORMANCE / "kernels-shape.edge", code=2).stderr
    monkeypatch.setitem(os.environ, "EDGEATTN_KERNELS", "never")
    printed = run(program, "describe", BUNDLE).stdout
    assert "without kernels: turned off by EDGEATTN_KERNELS" in printed.splitlines()
