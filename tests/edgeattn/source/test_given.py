from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest

from edgeattn.__main__ import main
from edgeattn.measure import benchmark, race
from edgeattn.source.handover import Handover
from edgeattn_export.capture import Captured, read_samples

TINY = Path(__file__).with_name("tiny.py")


@pytest.fixture
def onnx(captured: Captured, handed: Handover, tmp_path: Path) -> tuple[Path, Path]:
    """The tiny model as an ONNX file, in capitals, and its samples."""
    model, samples = tmp_path / "TINY.ONNX", tmp_path / "samples.npz"
    ir.save(captured.model, model)
    read = read_samples(handed.module, handed.samples)
    np.savez(
        samples, **{f"{i}.{name}": read[i].inputs[name] for i in range(len(read)) for name in read.names}
    )
    return model, samples


def test_a_bundle_of_an_onnx_file_is_held_against_it(
    onnx: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(race, "ROUNDS", 8)
    monkeypatch.setattr(benchmark, "memory_mb", lambda bundle, threads: 51.5)
    model, samples, folder = str(onnx[0]), str(onnx[1]), str(tmp_path / "x.edge")
    assert main(["export", model, samples, "-o", folder]) == 0
    assert main(["validate", folder, model, samples]) == 0
    assert "Verdict: pass" in capsys.readouterr().out
    assert main(["bench", folder, model, samples]) == 0
    assert "ONNX file" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["validate", "bench"])
def test_samples_are_asked_for_where_they_are_needed(
    refused: Callable[..., str], folder: Path, onnx: tuple[Path, Path], command: str
) -> None:
    assert "no samples found; an .npz file of real inputs expected" in refused(command, folder, onnx[0])
    assert "which yields its own samples; leave it out" in refused(command, folder, TINY, onnx[1])
