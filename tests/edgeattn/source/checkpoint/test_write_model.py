from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from pkgutil import walk_packages

import folders
import numpy as np
import sample_files

from edgeattn.__main__ import main
from edgeattn.source import checkpoint
from edgeattn.source.arguments import read_source

OWN = "edgeattn.source.checkpoint"
# Which know more than a model file.
NO_PIECES = ("checkpoint", "write_model", "tasks", "samples")


def test_pieces_import_one_another_and_what_devices_have() -> None:
    names = [module.name for module in walk_packages(checkpoint.__path__, f"{OWN}.")]
    pieces = [name for name in names if name.removeprefix(f"{OWN}.") not in NO_PIECES]
    assert len(pieces) > 20
    for name in pieces:
        file = Path(checkpoint.__path__[0], *name.removeprefix(f"{OWN}.").split(".")).with_suffix(".py")
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            imported = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            imported += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            ours = [each for each in imported if each.startswith("edgeattn")]
            assert all(each.startswith((f"{OWN}.", "edgeattn_runtime.")) for each in ours), f"{name}: {ours}"


def test_pieces_share_no_name() -> None:
    """In a model file they stand one after the other, and the later one of two would serve both."""
    names = [module.name for module in walk_packages(checkpoint.__path__, f"{OWN}.")]
    defined: list[str] = []
    for name in names:
        if name.removeprefix(f"{OWN}.") in NO_PIECES:
            continue
        file = Path(checkpoint.__path__[0], *name.removeprefix(f"{OWN}.").split(".")).with_suffix(".py")
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                defined.append(node.name)
            elif isinstance(node, ast.Assign):
                defined += [target.id for target in node.targets if isinstance(target, ast.Name)]
    assert [name for name, times in Counter(defined).items() if times > 1] == []


def test_the_model_file_stands_for_the_checkpoint(tmp_path: Path, ran: Callable[..., str]) -> None:
    folder, data = folders.classifier(tmp_path / "critic"), sample_files.reviews(tmp_path / "reviews.csv")
    file, columns = folder / "model.py", {"text": "review", "label": "stars"}
    expected = read_source(str(folder), data, columns)
    words = ["export", str(folder), "--samples", str(data), "--columns", "text=review,label=stars"]
    assert str(file) in ran(*words, "--write-model", file)
    text = file.read_text("utf-8")
    assert "edgeattn" not in text
    found = read_source(str(file), None)
    assert (found.name, found.weights_sha256) == (expected.name, expected.weights_sha256)
    assert found.dynamic == expected.dynamic
    assert found.processing.processing == expected.processing.processing
    assert found.processing.files() == expected.processing.files()
    assert list(found.processing.raw) == list(expected.processing.raw)
    for ours, theirs in zip(found.read(), expected.read(), strict=True):
        assert ours.target == theirs.target
        for name, array in theirs.inputs.items():
            np.testing.assert_array_equal(ours.inputs[name], array)


def test_the_model_file_of_images_prepares_them_as_a_bundle_does(tmp_path: Path) -> None:
    folder, data = folders.seer(tmp_path / "seer"), sample_files.images(tmp_path / "images")
    file, expected = folder / "model.py", read_source(str(folder), data).read()
    assert main(["export", str(folder), str(data), "--write-model", str(file)]) == 0
    for ours, theirs in zip(read_source(str(file), None).read(), expected, strict=True):
        np.testing.assert_array_equal(ours.inputs["pixel_values"], theirs.inputs["pixel_values"])


def test_a_file_that_is_there_is_left(tmp_path: Path, refused: Callable[..., str]) -> None:
    folder, data = folders.classifier(tmp_path / "critic"), sample_files.reviews(tmp_path / "reviews.csv")
    words = ["export", str(folder), str(data), "--write-model"]
    (tmp_path / "model.py").write_text("mine = 1", "utf-8")
    for file in ("model.py", "model.txt"):
        assert "a new Python file expected" in refused(*words, tmp_path / file)
    assert (tmp_path / "model.py").read_text("utf-8") == "mine = 1"
    assert "checkpoint expected" in refused(
        "export", "models/digits/model.py", "--write-model", tmp_path / "x.py"
    )
