"""Swift, and Kotlin on a JVM, with kernels built in: which way a bundle with nodes for them goes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeattn_runtime import __version__

ROOT = Path(__file__).parents[3]
CONFORMANCE = ROOT / "runtime" / "conformance" / "build"
BUNDLE = CONFORMANCE / "kernels.edge"
JNI = ROOT / "runtime" / "android" / "edgeattn" / "src" / "main" / "cpp"

Reader = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernels taken on any CPU."""
    monkeypatch.setitem(os.environ, "EDGEATTN_KERNELS", "always")


@pytest.mark.usefixtures("always")
def test_a_bundle_with_nodes_runs_on_kernels(reader: Reader) -> None:
    (line,) = [line for line in reader("describe", BUNDLE).stdout.splitlines() if "kernels" in line]
    assert line.startswith(f"kernels {__version__} (")
    result = json.loads(reader("bench", BUNDLE).stdout)
    assert result["machine"]["kernels"] == line
    assert all(golden["ok"] for golden in result["golden"])
    stock = json.loads(reader("bench", BUNDLE, "--no-kernels").stdout)
    assert stock["golden"] != result["golden"]


@pytest.mark.usefixtures("always")
def test_stock_operators_run_where_they_are_asked_for(reader: Reader) -> None:
    said = reader("describe", BUNDLE, "--no-kernels").stdout.splitlines()
    assert "without kernels: turned off" in said
    result = json.loads(reader("bench", BUNDLE, "--no-kernels").stdout)
    assert result["machine"]["kernels"] == "without kernels: turned off"
    assert all(golden["ok"] for golden in result["golden"])


@pytest.mark.usefixtures("always")
def test_a_node_that_breaks_a_rule_is_refused_by_the_kernels(reader: Reader) -> None:
    done = reader("bench", CONFORMANCE / "kernels-shape.edge")
    assert done.returncode == 2
    assert "Int8Linear" in done.stderr


@pytest.mark.usefixtures("always")
def test_nothing_is_said_of_a_bundle_without_nodes(reader: Reader) -> None:
    assert "kernels" not in reader("describe", CONFORMANCE / "good.edge").stdout


@pytest.mark.parametrize(("options", "without"), [([], False), (["-DHIGHWAY_INCLUDE_DIR="], True)])
def test_a_jvms_build_says_where_it_leaves_them_out(
    options: list[str], without: bool, tmp_path: Path
) -> None:
    if shutil.which("cmake") is None:
        pytest.skip("the library is built with CMake")
    build = tmp_path / "build"
    command = [ROOT / "runtime" / "cpp" / "engine"]
    engine = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    command = ["cmake", "-S", JNI, "-B", build, f"-DONNXRUNTIME_ROOT={engine}", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ("Without kernels: they need a 64-bit CPU, and hwy/highway.h" in done.stdout) == without
    assert (build / "core" / "kernels").exists() != without
