"""A bundle whose files lie in no folder, and callbacks that end a call: in C, with sanitizers."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from listing import relist

Run = Callable[..., subprocess.CompletedProcess[str]]
CONFORMANCE = Path(__file__).parents[3] / "runtime" / "conformance" / "build"


@pytest.fixture
def weighty(tmp_path: Path) -> Path:
    """A bundle whose weights lie in a file of their own."""
    bundle = shutil.copytree(CONFORMANCE / "good.edge", tmp_path / "weighty.edge")
    graph, weights = bundle / "model.onnx", "model.onnx.data"
    model = onnx.load(graph)
    onnx.save(model, graph, save_as_external_data=True, location=weights, size_threshold=128)
    return relist(bundle, "model.onnx", weights)


def _load(run: Run, clang: Path, bundle: Path, container: Path) -> list[str]:
    """Pack a bundle's files one behind the other, and return what loading them says."""
    names = sorted(path.name for path in bundle.iterdir() if path.name != "manifest.json")
    contents = [(name, (bundle / name).read_bytes()) for name in ("manifest.json", *names)]
    container.write_bytes(b"".join(content for _, content in contents))
    words = [word for name, content in contents for word in (name, str(len(content)))]
    return run(clang / "tests" / "edgeattn-c-files", container, *words).stdout.splitlines()


def _by_what(lines: list[str]) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in lines if ": " in line)


def test_files_of_another_file_are_loaded_without_a_folder(
    run: Run, clang: Path, weighty: Path, tmp_path: Path
) -> None:
    lines = _load(run, clang, weighty, tmp_path / "assets")
    assert [line for line in lines if "golden outputs" in line] == [
        "descriptor: 4 golden outputs",
        "memory: 4 golden outputs",
    ]
    messages = _by_what(lines)
    assert messages["ended"] == messages["cancelled"] == "memory: cancelled"
    assert messages["broken"] == "the app was closed"
    assert messages["one missing"].endswith("no such file; hand over all files of the bundle")
    assert "descriptor -1 found" in messages["no descriptor"]
    assert "(changed)" in messages["changed"]
    assert "model.onnx.data: sha256" in messages["changed since"]
    assert "cut, or cannot be read any more" in messages["cut since"]


def test_callbacks_end_a_generation_with_their_reason(run: Run, clang: Path, words: Path) -> None:
    program = clang / "tests" / "edgeattn-c-generate"
    lines = run(program, CONFORMANCE / "decoder.edge", words).stdout.splitlines()
    assert lines.count("newer prompts: 1 answers, the first of 3 tokens") == 2
    messages = _by_what(lines)
    assert messages["reported"] == messages["reported of text"] == "the screen is gone"
    assert messages["ended"] == messages["a text"] == "1 answers, the first of 2 tokens"
    assert messages["a dim of -1"] == "dims: -1 found, at least 0 expected"
    assert messages["not found"] == "tensors: no 'a' found; they are b"
