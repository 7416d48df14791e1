from __future__ import annotations

from pathlib import Path

import pytest

from edgeattn.measure.memory import memory_mb
from edgeattn_runtime.errors import BundleError


def test_a_bundle_takes_at_least_its_own_graph(folder: Path) -> None:
    graph = (folder / "model.onnx").stat().st_size / 1e6
    assert graph < memory_mb(folder, threads=1) < 500


def test_a_broken_bundle_is_refused(folder: Path) -> None:
    (folder / "model.onnx").unlink()
    with pytest.raises(BundleError, match=r"model\.onnx: no such file"):
        memory_mb(folder, threads=1)
