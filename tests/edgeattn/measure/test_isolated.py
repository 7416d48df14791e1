"""Time and memory of a bundle in processes of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edgeattn.measure import isolated
from edgeattn.measure.isolated import launches
from edgeattn.measure.memory import memory_mb
from edgeattn.progress import Silent
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.bundle.golden import read_golden
from edgeattn_runtime.errors import BadInput, BundleError


def test_each_process_measures_every_series(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolated, "PROCESSES", 2)
    files = open_bundle(folder)
    inputs = [sample.inputs for sample in read_golden(files).samples]
    found = launches(files, "cpu", [inputs[:2], inputs], threads=(1, 2), seconds=0.01, progress=Silent())
    assert {threads: len(measured) for threads, measured in found.items()} == {1: 2, 2: 2}
    for launch in found[1]:
        assert launch.load_ms > 0
        assert launch.first_call_ms > 0
        few, all_of_them = launch.series
        for series, count in ((few, 2), (all_of_them, len(inputs))):
            assert len(series.times_ms) >= count
            assert len(series.times_ms) % count == 0
        assert all(time > 0 for series in launch.series for time in series.times_ms)


def test_what_fails_there_is_told_here(folder: Path) -> None:
    files = open_bundle(folder)
    inputs = dict(read_golden(files).samples[0].inputs)
    inputs["tokens"] = np.full_like(inputs["tokens"], 10**6)  # beyond the table of the embedding
    with pytest.raises(BadInput, match="out of range"):
        launches(files, "cpu", [[inputs]], threads=[1], seconds=0, progress=Silent(), once=True)
    (folder / "model.onnx").unlink()
    with pytest.raises(BadInput, match=r"model\.onnx: "):
        launches(files, "cpu", [[inputs]], threads=[1], seconds=0, progress=Silent(), once=True)


LIBRARY = (
    "import onnxruntime; from edgeattn_runtime.engine.system import peak_memory_mb; print(peak_memory_mb())"
)


def test_a_bundle_takes_its_own_graph_and_neither_python_nor_the_library(folder: Path) -> None:
    graph = (folder / "model.onnx").stat().st_size / 1e6
    library = float(subprocess.check_output([sys.executable, "-c", LIBRARY]))
    assert graph < memory_mb(folder, threads=1) < library


def test_a_broken_bundle_is_refused(folder: Path) -> None:
    (folder / "model.onnx").unlink()
    with pytest.raises(BundleError, match=r"model\.onnx: "):
        memory_mb(folder, threads=1)
