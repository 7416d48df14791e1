from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeattn.__main__ import main

MODELS = Path(__file__).parents[3] / "models"


def test_a_newcomers_first_command(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "edgeattn", "demo"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    words = " ".join(done.stdout.split())
    for told in ("digits for cpu", "Attention 4", "Verdict: pass", 'edgeattn_runtime.load("digits.edge")'):
        assert told in words
    assert [path.name for path in tmp_path.iterdir()] == ["digits.edge"]
    drawn = (tmp_path / "digits.edge" / "example.svg").read_text("utf-8")
    assert "<!-- PyTorch: " in drawn
    assert "A sample, and what both make of it" in (tmp_path / "digits.edge" / "report.html").read_text(
        "utf-8"
    )


def test_an_unknown_model_is_refused_with_those_there_are(refused: Callable[..., str]) -> None:
    line = refused("demo", "--model", "lion")
    assert "'lion': not shipped; expected one of " in line
    assert all(path.parent.name in line for path in MODELS.glob("*/model.py"))


def test_the_models_are_listed_with_what_each_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--list"]) == 0
    lines = capsys.readouterr().out
    for path in MODELS.glob("*/model.py"):
        (line,) = (each for each in lines.splitlines() if each.split()[:1] == [path.parent.name])
        assert len(line.split()) > 3
