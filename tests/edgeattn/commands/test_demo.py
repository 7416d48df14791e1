from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgeattn.__main__ import main

MODELS = Path(__file__).parents[3] / "models"


def test_an_unknown_model_is_refused_with_those_there_are(refused: Callable[..., str]) -> None:
    line = refused("demo", "--model", "lion")
    assert "'lion': " in line
    assert all(path.parent.name in line for path in MODELS.glob("*/model.py"))


def test_the_models_are_listed_with_what_each_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--list"]) == 0
    lines = capsys.readouterr().out
    for path in MODELS.glob("*/model.py"):
        (line,) = (each for each in lines.splitlines() if each.split()[:1] == [path.parent.name])
        assert len(line.split()) > 3
