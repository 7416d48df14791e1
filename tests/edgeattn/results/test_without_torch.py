"""Reports are read and rendered where neither PyTorch nor the workshop is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from edgeattn.results.report import Report

ABSENT = ("torch", "onnx", "onnx_ir", "onnxscript", "edgeattn_export", "edgeattn.judge", "edgeattn.measure")

PROGRAM = f"""
import importlib, pkgutil, sys
from pathlib import Path

for name in {ABSENT}:
    sys.modules[name] = None  # an import of it raises ModuleNotFoundError

import edgeattn.report, edgeattn.results
for package in (edgeattn.report, edgeattn.results):
    for module in pkgutil.walk_packages(package.__path__, f"{{package.__name__}}."):
        importlib.import_module(module.name)

from edgeattn.report.files import Provenance, report_files
from edgeattn.report.table import report_parts, show
from edgeattn.results.report import Report

report = Report.from_json(Path(sys.argv[1]).read_bytes())
show(report_parts(report))
Path(sys.argv[2]).write_bytes(report_files(report, {{}}, Provenance())["report.html"])
"""


def test_a_report_is_read_and_rendered_without_pytorch(report: Report, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(report.to_json())
    arguments = [str(tmp_path / "report.json"), str(tmp_path / "report.html")]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"Verdict: {report.verdict}" in done.stdout
    assert "<!doctype html>" in (tmp_path / "report.html").read_text()
