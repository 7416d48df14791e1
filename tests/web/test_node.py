"""Digits in onnxruntime-web's wasm build, in plain Node."""

from __future__ import annotations

from pathlib import Path

import pytest

import edgeattn_runtime
from edgeattn.measure.runners import runner_of_main_graph
from edgeattn.results.report import Report
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.bundle.golden import read_golden, replay
from edgeattn_runtime.errors import IncompatibleRuntimeError

Exported = tuple[Report, Path]


def test_the_export_is_proven_in_node(exported: Exported) -> None:
    report, _ = exported
    assert report.verdict == "pass"
    assert "onnxruntime-web" in " ".join(report.notes)
    assert report.operators["RMSNormalization"] > 0


def test_the_bundle_on_disk_reaches_its_golden_vectors(exported: Exported) -> None:
    _, folder = exported
    files = open_bundle(folder)
    (variant,) = (each for each in files.manifest.variants if each.target == "web")
    assert variant.measured is not None
    main = runner_of_main_graph(files, variant, threads=1)
    results = replay(lambda **inputs: main(inputs), read_golden(files), tolerance=variant.tolerance)
    assert all(result.ok for result in results)


def test_the_python_runtime_passes_over_what_is_for_browsers(exported: Exported) -> None:
    _, folder = exported
    (variant,) = edgeattn_runtime.load(folder).variants
    assert variant.target == "cpu"
    with pytest.raises(IncompatibleRuntimeError, match="onnxruntime-web"):
        edgeattn_runtime.load(folder, target="web")
