"""Raw inputs on the command line of a device: what is answered, and what is refused in one line."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
from PIL import Image

from edgeattn_runtime import load


def _command(*args: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edgeattn_runtime", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _refused(*args: str | Path) -> str:
    result = _command(*args)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    return result.stderr


def test_a_text_is_answered_by_its_labels(conformance: Path) -> None:
    result = _command("run", conformance / "processed.edge", "--text", "The cat sat")
    assert (result.returncode, result.stderr) == (0, "")
    model = load(conformance / "processed.edge")
    expected = model.labels(model(**model.prepare(text="The cat sat")))[0][:5]
    assert [line.rsplit(maxsplit=1)[0].strip() for line in result.stdout.splitlines()] == [
        label.name for label in expected
    ]


def test_an_image_is_answered_by_how_the_outputs_begin(conformance: Path, tmp_path: Path) -> None:
    Image.new("L", (20, 30), 15).save(tmp_path / "ink.png")
    result = _command("run", conformance / "nearest.edge", "--input", tmp_path / "ink.png")
    assert (result.returncode, result.stdout, result.stderr) == (0, "total: float32[1, 1] 64\n", "")


def test_outputs_go_to_a_file_where_one_is_named(conformance: Path, tmp_path: Path) -> None:
    output = tmp_path / "y.npz"
    result = _command("run", conformance / "bytes.edge", "--text", "a", "-o", output)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    with np.load(output) as arrays:
        assert list(arrays) == ["total"]


def test_what_was_cut_is_said_in_one_line(conformance: Path) -> None:
    result = _command("run", conformance / "wordpiece.edge", "--text", "word " * 99)
    assert result.returncode == 0
    assert result.stderr == "text: 1 of 1 cut at its end to the 24 tokens that the bundle takes\n"


def test_wrong_kinds_are_refused_in_one_line(conformance: Path, tmp_path: Path) -> None:
    words, pictures = conformance / "wordpiece.edge", conformance / "nearest.edge"
    Image.new("RGBA", (4, 4)).save(tmp_path / "glass.png")
    (tmp_path / "notes.txt").write_text("text")
    with wave.open(str(tmp_path / "speech.wav"), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", "not compressed"))
        file.writeframes(bytes(20))
    assert "prepares no image; give text" in _refused("run", words, "--input", tmp_path / "glass.png")
    assert "prepares no audio; give text" in _refused("run", words, "--input", tmp_path / "speech.wav")
    assert "prepares no text; give image" in _refused("run", pictures, "--text", "a")
    assert "transparent" in _refused("run", pictures, "--input", tmp_path / "glass.png")
    assert "no image that can be read" in _refused("run", pictures, "--input", tmp_path / "notes.txt")
    assert "no such file" in _refused("run", pictures, "--input", tmp_path / "none.png")
    assert "call it with arrays" in _refused("run", conformance / "good.edge", "--text", "a")
    assert "gives no token" in _refused("run", conformance / "bytes.edge", "--text", "")
    assert "surrogate" in _refused("run", words, "--text", "\udce9t\udce9")  # Latin-1 in a shell of UTF-8
    assert "--input --text is required" in _refused("run", words)
    assert "not allowed with" in _refused("run", words, "--text", "a", "--input", tmp_path / "x.npz")


def test_a_prompt_may_be_a_text(conformance: Path, tmp_path: Path) -> None:
    bundle = shutil.copytree(conformance / "decoder.edge", tmp_path / "decoder.edge")
    tokenizer = conformance / "processed.edge" / "tokenizer.json"
    shutil.copy(tokenizer, bundle)
    entries = json.loads((conformance / "processed.edge" / "manifest.json").read_text("utf-8"))["files"]
    manifest = json.loads((bundle / "manifest.json").read_text("utf-8"))
    manifest["files"]["tokenizer.json"] = entries["tokenizer.json"]
    text = {"tokenizer": "tokenizer.json", "ids": "tokens", "mask": None, "types": None, "longest": None}
    manifest["processing"] = {"text": text}
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    tokens = _command("generate", bundle, "--tokens", "2,3", "--max-new-tokens", "4").stdout.split()
    result = _command("generate", bundle, "--text", "the cat", "--max-new-tokens", "4")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == load(bundle).decode(map(int, tokens)) + "\n"


def test_a_missing_extra_is_told_with_its_command(conformance: Path, tmp_path: Path) -> None:
    Image.new("L", (4, 4)).save(tmp_path / "ink.png")
    methods = {
        "tokenizers": ("text", ["run", str(conformance / "wordpiece.edge"), "--text", "a"]),
        "PIL": ("image", ["run", str(conformance / "nearest.edge"), "--input", str(tmp_path / "ink.png")]),
    }
    for module, (name, arguments) in methods.items():
        code = (
            f"import sys; sys.modules[{module!r}] = None\n"
            f"from edgeattn_runtime.__main__ import main; sys.exit(main({arguments}))"
        )
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert (run.returncode, run.stderr.count("\n")) == (2, 1)
        assert f"pip install 'edgeattn[{name}]'" in run.stderr
