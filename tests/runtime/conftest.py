"""Bundles to test with: the conformance ones, and copies of them to break."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeattn_runtime import Model, load
from edgeattn_runtime.__main__ import main

# The folder is no package: its modules are found as those of a script beside them.
sys.path.insert(0, str(Path(__file__).parent))
from listing import relist

CONFORMANCE = Path(__file__).parents[2] / "runtime" / "conformance" / "build"
sys.path += [str(CONFORMANCE.parent), str(CONFORMANCE.parents[1] / "python" / "conform")]


@pytest.fixture(scope="session")
def growth() -> Callable[[Callable[[], object], Callable[[], object]], float]:
    """A function that returns by how many times as much processor time a second call takes as a first one."""

    def cost(call: Callable[[], object]) -> int:
        start = time.thread_time_ns()
        call()
        return time.thread_time_ns() - start

    return lambda small, large: min(cost(large) for _ in range(3)) / min(cost(small) for _ in range(3))


@pytest.fixture(scope="session")
def conformance() -> Path:
    """The folder of conformance bundles; read only."""
    return CONFORMANCE


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[str], Path]:
    """Copies a conformance bundle, free to be changed."""
    return lambda name: shutil.copytree(CONFORMANCE / f"{name}.edge", tmp_path / f"{name}.edge")


@pytest.fixture
def edited(copied: Callable[[str], Path]) -> Callable[[str, Callable[[Any], object]], Path]:
    """Copies a conformance bundle, and makes a change to its manifest."""
    return lambda name, change: relist(copied(name), change=change)


@pytest.fixture
def good(copied: Callable[[str], Path]) -> Path:
    """A copy of the good bundle, free to be changed."""
    return copied("good")


@pytest.fixture
def several(copied: Callable[[str], Path]) -> Path:
    """A copy of the bundle with two graphs, free to be changed."""
    return copied("several")


@pytest.fixture
def signed(copied: Callable[[str], Path]) -> Path:
    """A copy of the signed bundle, free to be changed."""
    return copied("signed")


@pytest.fixture(scope="session")
def decoder() -> Model:
    """A decoder alone."""
    return load(CONFORMANCE / "decoder.edge")


@pytest.fixture(scope="session")
def encoder_decoder() -> Model:
    """A decoder behind an encoder of tokens."""
    return load(CONFORMANCE / "encoder-decoder.edge")


@pytest.fixture(scope="session")
def captioner() -> Model:
    """A decoder behind an encoder of float features (batch, frames, 6) and their bool mask."""
    return load(CONFORMANCE / "sources.edge")


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """A function that runs a device's command in this process; it returns the exit code and the output."""

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        given = [*map(str, arguments)]
        try:
            code = main(given)
        except SystemExit as ended:  # of argparse: help, or a usage error
            code = int(ended.code or 0)
        return subprocess.CompletedProcess(given, code, *capfd.readouterr())

    return run


@pytest.fixture
def refused(command: Callable[..., subprocess.CompletedProcess[str]]) -> Callable[..., str]:
    """A function that runs a command that must be refused in one line, and returns the line."""

    def run(*arguments: str | Path) -> str:
        result = command(*arguments)
        assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
        return result.stderr

    return run


@pytest.fixture(scope="session")
def endless_model() -> bytes:
    """An ONNX file whose one call never ends."""
    pytest.importorskip("onnx.parser")
    from endless import endless_model

    return endless_model()


@pytest.fixture
def endless_bundle(good: Path) -> Path:
    """A bundle whose graph never ends; its other files are the good one's."""
    pytest.importorskip("onnx.parser")
    from endless import make_endless

    return make_endless(good)


@pytest.fixture(scope="session")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The decoder of conformance, with a tokenizer of its sixteen words."""
    folder = Path(shutil.copytree(CONFORMANCE / "decoder.edge", tmp_path_factory.mktemp("words") / "w.edge"))
    model = {"type": "WordLevel", "vocab": {f"w{i}": i for i in range(16)}, "unk_token": "w0"}
    parts = dict.fromkeys(("truncation", "padding", "normalizer", "post_processor", "decoder"))
    tokenizer = {"version": "1.0", "added_tokens": [], **parts, "model": model}
    tokenizer |= {"pre_tokenizer": {"type": "WhitespaceSplit"}}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    text = {"tokenizer": "tokenizer.json", "ids": "tokens", "mask": None, "types": None, "longest": None}
    return relist(folder, "tokenizer.json", change=lambda table: table.update(processing={"text": text}))
