"""An .npz of inputs beside a checkpoint, as its network takes them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import folders
import numpy as np
import pytest
import torch

from edgeattn.source.arguments import read_source
from edgeattn_runtime.errors import SampleError

DRAW = np.random.default_rng(0)
TOKENS = DRAW.integers(5, 12, (8, 1, 6))
ARRAYS = {
    folders.classifier: {"input_ids": TOKENS, "attention_mask": np.ones_like(TOKENS)},
    folders.seer: {
        "pixel_values": DRAW.normal(size=(8, 1, 3, folders.PIXELS, folders.PIXELS)).astype(np.float32)
    },
    folders.writer: {"input_ids": TOKENS},
    folders.listener: {"audio": DRAW.normal(size=(8, 1, 400)).astype(np.float32)},
}


@pytest.mark.parametrize("made", ARRAYS, ids=lambda made: made.__name__)
def test_a_checkpoint_is_opened_on_inputs_as_they_are(made: Callable[[Path], Path], tmp_path: Path) -> None:
    arrays = ARRAYS[made]
    numbered = {f"{i}.{name}": array[i] for name, array in arrays.items() for i in range(8)}
    np.savez(tmp_path / "inputs.npz", **numbered)
    source = read_source(str(made(tmp_path / "net")), tmp_path / "inputs.npz")
    (first, *others) = source.read()
    assert len(others) == 7
    assert {name: array.tolist() for name, array in first.inputs.items()} == {
        name: array[0].tolist() for name, array in arrays.items()
    }
    assert torch.isfinite(folders.answer(source, first.inputs)["logits"]).all()
    labelled = source.processing is not None and source.processing.processing.labels is not None
    assert labelled is (made is not folders.writer)
    assert source.metric is None


def test_tokens_need_no_tokenizer_and_nothing_of_speech(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez(tmp_path / "inputs.npz", **{f"{i}.input_ids": TOKENS[i] for i in range(8)})
    folder = folders.writer(tmp_path / "writer")
    for file in folder.glob("*token*"):
        file.unlink()
    for name in [name for name in sys.modules if name.startswith("edgeattn.source.checkpoint.tasks.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "jiwer", None)
    source = read_source(str(folder), tmp_path / "inputs.npz")
    assert len(source.read()) == 8
    assert source.generation.stop == (3,)


def test_inputs_have_no_columns(tmp_path: Path) -> None:
    np.savez(tmp_path / "inputs.npz", input_ids=TOKENS[:, 0])
    folder = folders.classifier(tmp_path / "critic")
    with pytest.raises(SampleError, match=r"--columns: found with .*inputs\.npz"):
        read_source(str(folder), tmp_path / "inputs.npz", {"text": "review"})
