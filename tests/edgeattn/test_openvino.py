"""A bundle for OpenVINO, proven on OpenVINO: `edgeattn targets --install openvino` makes its environment."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import edgeattn_runtime
from edgeattn import pipeline
from edgeattn.__main__ import main
from edgeattn.bundle import Bundle
from edgeattn.judge.request import FASTEST, Request
from edgeattn.progress import Silent
from edgeattn.source.handover import load
from edgeattn_export.graph.hosts.environment import folder_of
from edgeattn_export.targets.openvino import OPENVINO_CPU

# An attention whose queries are weighed by a determinant, for which OpenVINO's provider has no operator.
FALLING_BACK = """
import torch
from torch import nn


class Weighed(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.key, self.head = nn.Linear(32, 32), nn.Linear(32, 32), nn.Linear(32, 32)

    def forward(self, x):
        mixed = nn.functional.scaled_dot_product_attention(self.query(x), self.key(x), x)
        return self.head(mixed) * (2 + torch.linalg.det(mixed[:, :2, :2]).tanh()[:, None, None])


def model():
    torch.manual_seed(0)
    return Weighed().eval()


def samples():
    draw = torch.Generator().manual_seed(1)
    for _ in range(40):
        yield {"x": torch.randn(1, 8, 32, generator=draw)}
"""

DIGITS = Path(__file__).parents[2] / "models" / "digits" / "model.py"
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


def test_strict_fails_where_an_operator_falls_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if (missing := OPENVINO_CPU.engine.host.missing()) is not None:
        pytest.skip(missing)
    model, folder = tmp_path / "weighed.py", tmp_path / "weighed.edge"
    model.write_text(FALLING_BACK)
    asked = ("export", model, "-o", folder, "--target", "openvino", "--budget", "cosine=0.9")
    assert main([*map(str, asked)]) == 0  # silently, but for the report
    shown = capsys.readouterr().out
    assert "Det" in shown
    assert main([*map(str, asked), "--strict"]) == 1
    line = capsys.readouterr().err
    assert "is not placed whole" in line
    assert "Det" in line
    assert "export without --strict" in line
