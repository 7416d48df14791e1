from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeattn.measure import isolated
from edgeattn.measure.isolated import launches
from edgeattn.progress import Silent
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.bundle.golden import read_golden
from edgeattn_runtime.errors import BadInput


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
