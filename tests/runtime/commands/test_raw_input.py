"""Raw inputs on the command line of a device: what is answered, and what is refused in one line."""

from __future__ import annotations

import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgeattn_runtime import load

Command = Callable[..., subprocess.CompletedProcess[str]]
Refused = Callable[..., str]


def test_a_text_is_answered_by_its_labels(conformance: Path, command: Command) -> None:
    result = command("run", conformance / "processed.edge", "--text", "The cat sat")
    assert (result.returncode, result.stderr) == (0, "")
    model = load(conformance / "processed.edge")
    expected = model.labels(model(**model.prepare(text="The cat sat")))[0][:5]
    assert [line.rsplit(maxsplit=1)[0].strip() for line in result.stdout.splitlines()] == [
        label.name for label in expected
    ]


def test_an_image_is_answered_by_how_the_outputs_begin(
    conformance: Path, tmp_path: Path, command: Command
) -> None:
    Image.new("L", (20, 30), 15).save(tmp_path / "ink.png")
    result = command("run", conformance / "nearest.edge", "--input", tmp_path / "ink.png")
    assert (result.returncode, result.stdout, result.stderr) == (0, "total: float32[1, 1] 64\n", "")


def test_outputs_go_to_a_file_where_one_is_named(conformance: Path, tmp_path: Path, command: Command) -> None:
    output = tmp_path / "y.npz"
    result = command("run", conformance / "bytes.edge", "--text", "a", "-o", output)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    with np.load(output) as arrays:
        assert list(arrays) == ["total"]


def test_what_was_cut_is_said_in_one_line(conformance: Path, command: Command) -> None:
    result = command("run", conformance / "wordpiece.edge", "--text", "word " * 99)
    assert result.returncode == 0
    assert result.stderr == "text: 1 of 1 cut at its end to the 24 tokens that the bundle takes\n"


def test_wrong_kinds_are_refused_in_one_line(conformance: Path, tmp_path: Path, refused: Refused) -> None:
    words, pictures = conformance / "wordpiece.edge", conformance / "nearest.edge"
    Image.new("RGBA", (4, 4)).save(tmp_path / "glass.png")
    (tmp_path / "notes.txt").write_text("text")
    with wave.open(str(tmp_path / "speech.wav"), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", "not compressed"))
        file.writeframes(bytes(20))
    assert "prepares no image; give text" in refused("run", words, "--input", tmp_path / "glass.png")
    assert "prepares no audio; give text" in refused("run", words, "--input", tmp_path / "speech.wav")
    assert "prepares no text; give image" in refused("run", pictures, "--text", "a")
    assert "transparent" in refused("run", pictures, "--input", tmp_path / "glass.png")
    assert "no image that can be read" in refused("run", pictures, "--input", tmp_path / "notes.txt")
    assert "no such file" in refused("run", pictures, "--input", tmp_path / "none.png")
    assert "call it with arrays" in refused("run", conformance / "good.edge", "--text", "a")
    assert "gives no token" in refused("run", conformance / "bytes.edge", "--text", "")
    assert "surrogate" in refused("run", words, "--text", "\udce9t\udce9")  # Latin-1 in a shell of UTF-8
    assert "--input --text is required" in refused("run", words)
    assert "not allowed with" in refused("run", words, "--text", "a", "--input", tmp_path / "x.npz")


@pytest.mark.parametrize(
    ("module", "extra", "bundle", "options"),
    [
        ("tokenizers", "text", "wordpiece.edge", ["--text", "a"]),
        ("PIL", "image", "nearest.edge", ["--input", "ink.png"]),
    ],
)
def test_a_missing_extra_is_told_with_its_command(
    module: str,
    extra: str,
    bundle: str,
    options: list[str],
    conformance: Path,
    tmp_path: Path,
    refused: Refused,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Image.new("L", (4, 4)).save(tmp_path / "ink.png")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, module, None)
    assert f"pip install 'edgeattn[{extra}]" in refused("run", conformance / bundle, *options)
