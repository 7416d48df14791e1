"""Digits for OpenVINO, proven on OpenVINO: `edgeattn targets --install openvino` makes its environment."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import edgeattn_runtime
from edgeattn import pipeline
from edgeattn.bundle import Bundle
from edgeattn.judge.request import FASTEST, Request
from edgeattn.progress import Silent
from edgeattn.source.handover import load
from edgeattn_export.graph.hosts.environment import folder_of
from edgeattn_export.targets.openvino import OPENVINO_CPU

DIGITS = Path(__file__).parents[3] / "models" / "digits" / "model.py"
PROVIDER = "OpenVINOExecutionProvider"


@pytest.fixture(scope="module")
def digits() -> Bundle:
    """The digits for OpenVINO, found under their own budget."""
    missing = OPENVINO_CPU.engine.host.missing()
    if missing is not None:
        pytest.skip(missing)
    source = load(str(DIGITS))
    return pipeline.run(source, Request.read("openvino", source.budget, FASTEST, has_metric=True), Silent())


def test_digits_pass_on_it(digits: Bundle) -> None:
    report = digits.report
    assert report.verdict == "pass"
    linear = {layer.form for layer in report.layers if layer.noun == "linear layer"}
    assert linear
    assert linear <= set(OPENVINO_CPU.forms.linear)
    assert any("Run on" in note for note in report.notes)
    (variant,) = digits.manifest.variants
    assert variant.engine.providers == (PROVIDER,)
    assert variant.measured is not None


def test_all_of_it_runs_there_as_one_graph(digits: Bundle) -> None:
    placement = digits.report.placement
    assert placement is not None
    assert placement.how == "found"
    assert placement.shares[PROVIDER] == 1
    assert placement.is_whole


def test_a_device_with_openvino_alone_answers_the_golden_vectors(digits: Bundle, tmp_path: Path) -> None:
    folder = digits.save(tmp_path / "digits.edge")
    python = folder_of("openvino") / "bin" / "python"
    runtime = Path(edgeattn_runtime.__path__[0]).parent
    done = subprocess.run(
        [str(python), "-m", "edgeattn_runtime", "check", str(folder)],
        env={**os.environ, "PYTHONPATH": str(runtime)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
