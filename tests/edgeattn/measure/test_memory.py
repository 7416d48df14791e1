from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edgeattn.measure.memory import memory_mb
from edgeattn_runtime.errors import BundleError

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
