"""Exports and benchmarks on a device that has the kernels where this machine has none, and the reverse.

``make kernels`` installs them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from edgeattn_export.quantize.recipes.recipe import EVERY, Recipe, Treatment
from edgeattn_runtime import __version__
from edgeattn_runtime.bundle.engine_options import KERNELS_OPTION
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.engine import kernels
from edgeattn_runtime.engine.kernels import DOMAIN_VERSION, Kernels

pytest.importorskip("edgeattn_kernels", reason="make kernels installs it")

TINY = Path(__file__).parents[2] / "tiny.py"
WITH = (f"{kernels.CHOICE}=always",)  # whatever this CPU is
WITHOUT = ("-u", "PYTHONPATH")  # by which make kernels has them found
Export = Callable[[str, Sequence[str]], tuple[Path, dict[str, Any]]]


@pytest.fixture
def exported_on(bench: Any, tmp_path: Path, ran: Callable[..., str]) -> Export:
    """A function that exports with all in kernels, on a device, and returns the bundle and its report."""
    recipe = Recipe("kernels", ((EVERY, Treatment("kernel int8")),), ("int8 rows", "kernel attention"))
    file = tmp_path / "kernels.json"
    file.write_text(recipe.to_json())

    def export(name: str, env: Sequence[str]) -> tuple[Path, dict[str, Any]]:
        bench.add(name, env=env)
        bundle = tmp_path / "tiny.edge"
        arguments = ["export", str(TINY), "-o", str(bundle), "--recipe", str(file), "--on", name, "--json"]
        return bundle, json.loads(ran(*arguments))

    return export


def test_a_device_with_kernels_runs_them_where_this_machine_has_none(
    exported_on: Export, monkeypatch: pytest.MonkeyPatch, ran: Callable[..., str]
) -> None:
    monkeypatch.setattr(kernels, "installed", lambda: Kernels(None, "edgeattn-kernels is not installed"))
    bundle, report = exported_on("with", WITH)
    assert report["device"] == "with"
    assert report["machine"]["kernels"].startswith(f"kernels {__version__} (")
    assert report["operators"]["Int8Linear"] > 0
    (without,) = report["other_ways"]
    assert set(without["latency_ms"]["latencies"]) == {"float", "int8"}
    assert [check["name"] for check in without["checks"]] == [check["name"] for check in report["checks"]]
    golden = [case for case in report["edge_cases"] if "on with" in case["name"]]
    assert golden
    assert all(case["ok"] for case in golden)
    (variant,) = open_bundle(bundle).manifest.variants
    assert variant.engine.options == {KERNELS_OPTION: DOMAIN_VERSION}
    for options, way in (([], f"kernels {__version__} ("), (["--no-kernels"], "without kernels: turned off")):
        (result,) = json.loads(ran("bench", bundle, "--on", "with", *options, "--json")).values()
        assert result["machine"]["kernels"].startswith(way)


def test_a_device_without_kernels_runs_the_bodies_where_this_machine_has_some(
    exported_on: Export, monkeypatch: pytest.MonkeyPatch, ran: Callable[..., str]
) -> None:
    monkeypatch.setenv(kernels.CHOICE, "always")
    assert kernels.kernels_here().library is not None
    bundle, report = exported_on("without", WITHOUT)
    assert report["verdict"] == "pass"
    assert "kernels" not in report["machine"]
    assert report["other_ways"] == []
    assert report["operators"]["Int8Linear"] > 0  # as the recipe says
    (result,) = json.loads(ran("bench", bundle, "--on", "without", "--json")).values()
    assert result["machine"]["kernels"] == "without kernels: edgeattn-kernels is not installed"
