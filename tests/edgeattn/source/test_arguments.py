from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest

from edgeattn.__main__ import main
from edgeattn.source.arguments import read_source
from edgeattn.source.handover import load
from edgeattn.source.module import ModuleSource
from edgeattn.source.onnx_file import OnnxSource
from edgeattn_export.capture import Captured
from edgeattn_runtime.errors import BadInput

TINY = Path(__file__).parents[1] / "tiny.py"


@pytest.fixture
def onnx(captured: Captured, source: ModuleSource, tmp_path: Path) -> tuple[Path, Path]:
    """The tiny model as an ONNX file, in capitals, and its samples."""
    model, npz = tmp_path / "TINY.ONNX", tmp_path / "samples.npz"
    ir.save(captured.engine.ready(captured.model), model)
    arrays = {
        f"{i}.{name}": array for i, each in enumerate(source.read()) for name, array in each.inputs.items()
    }
    np.savez(npz, **arrays)
    return model, npz


def test_a_file_is_told_by_its_name(onnx: tuple[Path, Path]) -> None:
    assert isinstance(read_source(str(TINY), None), ModuleSource)
    found = read_source(str(onnx[0]), onnx[1])
    assert isinstance(found, OnnxSource)
    assert (found.name, found.budget, found.metric) == ("TINY", {}, None)


def test_an_onnx_file_reads_its_samples_and_is_captured(onnx: tuple[Path, Path], captured: Captured) -> None:
    source = OnnxSource(*onnx)
    samples = source.read()
    assert len(samples) == len(load(str(TINY)).read())
    adopted = source.capture(samples, captured.engine)
    assert adopted.graph == captured.graph
    assert source.megabytes(adopted) == pytest.approx(source.model.stat().st_size / 1e6, rel=0.05)
    assert source.sha256 is not None


@pytest.mark.usefixtures("quick_bench")
def test_a_bundle_of_an_onnx_file_is_held_against_it(
    onnx: tuple[Path, Path], tmp_path: Path, ran: Callable[..., str]
) -> None:
    model, samples, folder = str(onnx[0]), str(onnx[1]), str(tmp_path / "x.edge")
    assert main(["export", model, samples, "-o", folder]) == 0
    assert "Verdict: pass" in ran("validate", folder, model, samples)
    assert "ONNX file" in ran("bench", folder, model, samples)


def test_samples_belong_to_an_onnx_file_alone(onnx: tuple[Path, Path]) -> None:
    with pytest.raises(BadInput, match=str(onnx[0])):
        read_source(str(onnx[0]), None)
    with pytest.raises(BadInput, match=str(onnx[1])):
        read_source(str(TINY), onnx[1])


@pytest.mark.parametrize("command", ["validate", "bench"])
def test_samples_are_asked_for_where_they_are_needed(
    refused: Callable[..., str], folder: Path, onnx: tuple[Path, Path], command: str
) -> None:
    assert str(onnx[0]) in refused(command, folder, onnx[0])
    assert str(onnx[1]) in refused(command, folder, TINY, onnx[1])


def test_an_onnx_file_that_is_cut_is_refused_in_a_line(
    refused: Callable[..., str], onnx: tuple[Path, Path], tmp_path: Path
) -> None:
    model, samples = onnx
    model.write_bytes(model.read_bytes()[: model.stat().st_size // 2])
    line = refused("export", model, samples, "-o", tmp_path / "x.edge")
    assert f"{model}: " in line
    assert set(tmp_path.iterdir()) == {model, samples}
