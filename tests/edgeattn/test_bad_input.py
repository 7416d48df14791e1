"""Bad input gets one clear line and exit code 2, and nothing is lost or half-written."""

from __future__ import annotations

import json
import os
import re
import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from edgeattn import pipeline
from edgeattn.__main__ import main
from edgeattn.judge.choice import Chooser

TINY = Path(__file__).with_name("tiny.py")
Refused = Callable[..., str]

SAMPLE = 'yield {"tokens": tokens, "attention_mask": torch.ones_like(tokens)}, tokens % 4'
ANSWER = 'return {"tags": self.tags(x + mixed.transpose(1, 2).flatten(2))}'


@pytest.mark.parametrize(
    ("found", "instead", "named"),
    [
        (SAMPLE, SAMPLE.replace('"tokens"', '"words"'), "sample 0: .* words; .*tokens, attention_mask"),
        (SAMPLE, 'yield {"tokens": tokens}', "sample 0: .*tokens, attention_mask"),
        (
            SAMPLE,
            SAMPLE.replace(": tokens,", ": tokens[0] if length == 5 else tokens,"),
            "rank 1 .*rank 2 ",
        ),
        (  # a mask of the wrong rank
            SAMPLE,
            SAMPLE.replace("torch.ones_like(tokens)", "torch.ones_like(tokens[0])"),
            r"Tagger .*tokens \(1, 3\), attention_mask \(3,\): IndexError: ",
        ),
        (
            ANSWER,
            'return {"tags": self.tags(x) if x.sum() > 0 else self.tags(-x)}',
            r"forward .*model\.py, line 38, in forward \(return.*torch\.where",
        ),
        (
            ANSWER,
            'return {"tags": self.tags(x if int(tokens.max()) % 2 else -x)}',
            r"forward .*model\.py, line 38, in forward \(return",
        ),
        (
            ANSWER,
            'return {"tags": torch.view_as_real(torch.view_as_complex(x.unflatten(-1, (-1, 2))).log())}',
            r"Tagger .*aten\.log .*model\.py, line 38, in forward \(return",
        ),
        (ANSWER, "return self", "outputs: .*Tagger"),
        (ANSWER, 'return {"tags": x, "count": x.shape[1]}', "output 'count': "),
        (
            ANSWER,
            "raise RuntimeError('out of\\n ideas')",
            r"Tagger .*tokens \(1, .*RuntimeError: out of ideas",
        ),
        ("def metric", "def score", "budget metric_drop: "),
    ],
)
def test_a_model_file_that_cannot_be_exported(
    refused: Refused, tmp_path: Path, found: str, instead: str, named: str
) -> None:
    text = TINY.read_text()
    assert found in text
    model = tmp_path / "model.py"
    model.write_text(text.replace(found, instead))
    assert re.search(named, refused("export", model, "-o", tmp_path / "out.edge"))
    assert [path.name for path in tmp_path.iterdir()] == ["model.py"]


SCORE = '(outputs["tags"].argmax(-1) == target).float().mean().item()'


@pytest.mark.usefixtures("instant_capture")
@pytest.mark.parametrize(
    ("instead", "named"),
    [
        ("nobody(outputs)", r"model\.py, line 54: NameError"),
        ("float('nan')", " nan"),
        (
            SCORE.replace("mean", "min"),  # whether all of a sample's tags are right
            "24 samples .*1/24; .* 74 .* 148 samples",
        ),
    ],
)
def test_a_metric_that_cannot_judge_what_is_asked(
    refused: Refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, instead: str, named: str
) -> None:
    monkeypatch.setattr(Chooser, "best", lambda _: pytest.fail("a search before the metric was tried"))
    model = tmp_path / "model.py"
    model.write_text(TINY.read_text().replace(SCORE, instead))
    line = refused("export", model, "-o", tmp_path / "out.edge", "--budget", "metric_drop=0.04")
    assert re.search(named, line)
    assert [path.name for path in tmp_path.iterdir()] == ["model.py"]


def recipe(path: Path, *layers: tuple[str, str]) -> Path:
    entries = [{"layer": layer, "form": form, "techniques": {}} for layer, form in layers]
    path.write_text(json.dumps({"schema": 2, "name": "mine", "rewrites": [], "layers": entries}))
    return path


@pytest.mark.usefixtures("instant_capture")
def test_trained_grids_that_are_not_there(refused: Refused, tmp_path: Path) -> None:
    file = tmp_path / "net.qdq.onnx"
    line = refused("export", TINY, "-o", tmp_path / "out.edge", "--trained", file)
    assert f"{file}: no such file; expected an ONNX model with QuantizeLinear" in line
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("instant_capture")
def test_a_recipe_that_names_what_there_is_not(refused: Refused, tmp_path: Path) -> None:
    path = recipe(tmp_path / "recipe.json", ("*", "int8"), ("encoder", "int8"), ("tags", "int3"))
    line = refused("export", TINY, "-o", tmp_path / "out.edge", "--recipe", path)
    for named in ("'mine'", "'encoder'", "query+key+value", "'int3'", "int8, "):
        assert named in line
    assert [path.name for path in tmp_path.iterdir()] == ["recipe.json"]


@pytest.mark.parametrize(
    ("content", "named"),
    [(None, ""), ("{", ""), ("{}", "schema"), ('{"schema": 3}', "schema")],
)
def test_a_file_that_is_no_recipe(
    refused: Refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, named: str
) -> None:
    monkeypatch.setattr(pipeline, "run", lambda *_: pytest.fail("long work before it was read"))
    path = tmp_path / "recipe.json"
    if content is not None:
        path.write_text(content)
    line = refused("export", TINY, "-o", tmp_path / "out.edge", "--recipe", path)
    assert f"{path}: " in line
    assert named in line


def test_an_operator_that_onnx_has_not_is_named_with_its_module(refused: Refused, tmp_path: Path) -> None:
    model = tmp_path / "model.py"
    model.write_text(
        TINY.read_text().replace("self.tags(x +", "self.tags(torch.kthvalue(x, 1, keepdim=True).values +")
    )
    line = refused("export", model, "-o", tmp_path / "out.edge")
    assert "Tagger" in line
    assert "aten.kthvalue" in line
    assert [path.name for path in tmp_path.iterdir()] == ["model.py"]


def test_a_budget_given_twice_on_the_command_line(refused: Refused, tmp_path: Path) -> None:
    budgets = ["--budget", "cosine=0.9", "--budget", "cosine=0.99"]
    assert "budget cosine: " in refused("export", TINY, "-o", tmp_path / "out.edge", *budgets)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def change(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("command", ["inspect", "validate", "bench", "run"])
@pytest.mark.parametrize(
    ("damage", "named"),
    [(Path.unlink, ""), (truncate, "truncated"), (change, "sha256")],
)
def test_a_bundle_that_is_not_whole(
    refused: Refused, folder: Path, tmp_path: Path, command: str, damage: Callable[[Path], None], named: str
) -> None:
    damage(folder / "model.onnx")
    np.savez(tmp_path / "x.npz", tokens=np.ones((1, 3), int), attention_mask=np.ones((1, 3), int))
    options = ["--input", tmp_path / "x.npz", "-o", tmp_path / "y.npz"] if command == "run" else []
    line = refused(command, folder, *options)
    assert str(folder / "model.onnx") in line
    assert named in line
    assert not (tmp_path / "y.npz").exists()


@pytest.mark.parametrize("command", ["validate", "bench"])
def test_a_bundle_that_needs_a_newer_onnxruntime(
    refused: Refused, folder: Path, ran: Callable[..., str], command: str
) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["variants"][0]["engine"]["version"] = "99.1"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert "onnxruntime 99.1" in refused(command, folder)
    assert "onnxruntime 99.1" in ran("inspect", folder)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(params=["new", "replaced"])
def place(request: pytest.FixtureRequest, folder: Path) -> Path:
    """Where a bundle goes: where there is none, or over one that must survive."""
    return folder if request.param == "replaced" else folder.with_name("new.edge")


@pytest.fixture
def nothing_lost(place: Path) -> Iterator[None]:
    """Expect that the place, and all around it, is at the end as it was."""
    around, before = sorted(place.parent.iterdir()), contents(place) if place.exists() else None
    yield
    assert sorted(place.parent.iterdir()) == around
    assert (contents(place) if place.exists() else None) == before


@pytest.fixture
def full_disk() -> Iterator[None]:
    """Let no file grow beyond 4 kB: what is written fails as on a full disk, in the middle of a file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("instant_export", "nothing_lost")
def test_a_disk_that_fills_up_while_a_bundle_is_written(
    refused: Refused, place: Path, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("full_disk")
    assert place.name in refused("export", TINY, "-o", place)


@pytest.mark.usefixtures("instant_export", "nothing_lost")
def test_an_interrupt_while_a_bundle_is_written(
    refused: Refused, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []

    def interrupt(descriptor: int) -> None:
        written.append(descriptor)
        if len(written) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    assert "interrupted" in refused("export", TINY, "-o", place, code=130)


@pytest.mark.usefixtures("instant_export")
def test_a_bundle_is_replaced_whole(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    extra = folder / "tokenizer.json"
    extra.write_text("{}")
    manifest["files"]["tokenizer.json"] = {"sha256": "0" * 64, "size": 2}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert main(["export", str(TINY), "-o", str(folder)]) == 0
    assert not extra.exists()
    assert main(["validate", str(folder)]) == 0
