"""What every reference model keeps: its own files, few packages, small weights, attention of its own."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

MODELS = Path(__file__).parents[2] / "models"
LOADED = """
import os, sys
import torch

sys.dont_write_bytecode = True
for folder in sys.argv[1:]:
    child = os.fork()
    if not child:
        sys.path.insert(0, folder)
        import model
        next(iter(model.samples()))
        model.model()
        print(*sorted({name.partition(".")[0] for name in sys.modules}), flush=True)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
"""


@dataclass(frozen=True, slots=True)
class Folder:
    """What a reference model promises.

    Attributes:
        name: Its folder.
        needs: A package that it is loaded with.
        spared: Packages that its training, or a like model, needs, and its user does not.
        weights_mb: The most that its own weights take; None where packages bring both weights and attention.
        written_by_hand: Files that hold its own attention.
    """

    name: str
    needs: str
    spared: tuple[str, ...]
    weights_mb: float | None = None
    written_by_hand: tuple[str, ...] = ()


FOLDERS = (
    Folder("dictation", "safetensors", ("scipy", "num2words"), 3.0, ("model.py", "speech_transformer.py")),
    Folder("digits", "safetensors", ("sklearn",), 3.2, ("model.py",)),
    Folder("keywords", "safetensors", ("scipy",), 3.0, ("model.py",)),
    Folder("policy", "safetensors", ("gymnasium",), 3.0, ("model.py", "decision_transformer.py")),
    Folder("sentence", "transformers", ("sentence_transformers",)),
    Folder("series", "safetensors", ("autots", "pandas"), 3.0, ("model.py", "patches.py")),
    Folder("story", "tokenizers", ("rdata", "transformers"), 3.0, ("model.py",)),
    Folder("translation", "safetensors", ("babel", "num2words"), 3.0, ("model.py", "transformer.py")),
)
OWN = tuple(folder for folder in FOLDERS if folder.weights_mb is not None)


def test_every_model_is_listed() -> None:
    assert sorted(path.parent.name for path in MODELS.glob("*/model.py")) == [each.name for each in FOLDERS]


@pytest.fixture(scope="module")
def loaded() -> dict[str, set[str]]:
    """The packages of processes that have loaded a model each, and PyTorch before, which all of them need."""
    command = [sys.executable, "-c", LOADED, *(str(MODELS / folder.name) for folder in FOLDERS)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return {folder.name: set(line.split()) for folder, line in zip(FOLDERS, lines, strict=True)}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_loading_needs_few_packages(folder: Folder, loaded: dict[str, set[str]]) -> None:
    assert folder.needs in loaded[folder.name]
    assert not {"edgeattn", "edgeattn_runtime", *folder.spared} & loaded[folder.name]


@pytest.mark.parametrize("folder", OWN, ids=lambda folder: folder.name)
def test_weights_are_as_small_as_stated(folder: Folder) -> None:
    assert folder.weights_mb is not None
    assert (MODELS / folder.name / "weights.safetensors").stat().st_size <= folder.weights_mb * 1e6


@pytest.mark.parametrize(
    "folder", [each for each in FOLDERS if each.written_by_hand], ids=lambda each: each.name
)
def test_attention_is_written_by_hand(folder: Folder) -> None:
    for file in folder.written_by_hand:
        text = (MODELS / folder.name / file).read_text(encoding="utf-8")
        assert "scaled_dot_product_attention" not in text
        assert "MultiheadAttention" not in text
