from __future__ import annotations

from pathlib import Path

import pytest

from edgeattn.__main__ import main
from edgeattn.report.report import Report


def test_all_that_a_bundle_holds_is_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = Report.from_json((folder / "report.json").read_text())
    assert main(["inspect", str(folder)]) == 0
    words = " ".join(capsys.readouterr().out.split())
    for told in (
        "tiny for cpu",
        "tokens: int64[batch, sequence]",
        "tags: float32[batch, sequence, 4]",
        "sequence: at least 1",
        "Session 1 thread, no spinning, arena, memory pattern",
        "Rows independent",
        "Attention 1",
        "Weights float",
        "golden.safetensors",
        "query+key+value ",
        "embed float",
        "Requires onnxruntime 1.23",
        "report.html",
        "pareto.svg",
        f"Recipe {report.recipe}",
        "cosine 0.9",
        "at least 0.98 pass",
        "Verdict: pass",
    ):
        assert told in words


def test_a_bundle_without_a_report_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = (folder / "manifest.json").read_text()
    before, _, rest = manifest.partition('"report.json": {')
    (folder / "manifest.json").write_text(before.rstrip().rstrip(",") + rest.partition("}")[2])
    (folder / "report.json").unlink()
    assert main(["inspect", str(folder)]) == 2
    assert "report.json: not in the bundle; export the model again" in capsys.readouterr().err
