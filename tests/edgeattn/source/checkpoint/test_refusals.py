"""The wrong folder, reviews or weights: one line that says what to do, and exit code 2."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import folders
import pytest
import sample_files
import torch
from safetensors.torch import load_file

from edgeattn.source.arguments import read_source
from edgeattn_runtime.errors import BadInput, EdgeAttnError

Refused = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return folders.classifier(tmp_path / "critic")


@pytest.fixture
def config(folder: Path) -> Callable[..., None]:
    """Changes config.json."""

    def changed(**settings: object) -> None:
        file = folder / "config.json"
        file.write_text(json.dumps({**json.loads(file.read_text("utf-8")), **settings}), "utf-8")

    return changed


def test_an_export_ends_with_one_line(refused: Refused, folder: Path, reviews: Path) -> None:
    assert "--columns text=COLUMN" in refused("export", folder, "--samples", reviews)
    assert "--samples" in refused("export", folder)
    assert "once" in refused("export", folder, reviews, "--samples", reviews)
    assert "ROLE=COLUMN" in refused("export", folder, reviews, "--columns", "text")
    apart = ("--samples", str(reviews), "--columns", "text=review", "label=stars")
    assert "label=stars: ROLE=COLUMN found in place of samples" in refused("export", folder, *apart)
    assert "have none" in refused("export", "models/digits/model.py", "--columns", "text=review")


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        ({}, "no column 'text' among review, stars; name it: --columns text=COLUMN"),
        ({"text": "reveiw"}, "no column 'reveiw' among review, stars"),
        ({"text": "review", "label": "rating"}, "no column 'rating' among review, stars"),
        ({"text": "review", "labels": "stars"}, "--columns labels: one of text, pair, label expected"),
        ({"text": "stars", "label": "review"}, "row 0: label '.*' found, one of negative, positive expected"),
    ],
)
def test_a_wrong_column_is_named(folder: Path, reviews: Path, columns: dict[str, str], named: str) -> None:
    with pytest.raises(BadInput, match=f"^{re.escape(str(reviews))}: {named}"):
        read_source(str(folder), reviews, columns)


def test_a_folder_without_a_checkpoint_is_refused(reviews: Path) -> None:
    with pytest.raises(BadInput, match=r"no config\.json found"):
        read_source(str(reviews.parent), reviews)


def test_a_task_that_is_not_known_is_named(config: Callable[..., None], folder: Path, reviews: Path) -> None:
    config(architectures=["BertForNextSentencePrediction"])
    with pytest.raises(BadInput, match=r"BertForNextSentencePrediction found, one of \*ForSequenceClass"):
        read_source(str(folder), reviews)
    with pytest.raises(BadInput) as refusal:
        read_source(str(folder), reviews)
    heads = re.findall(r"\*\w+", str(refusal.value))
    assert len(heads) == len(set(heads)) > 15
    config(architectures=["MyOwnBert"])
    with pytest.raises(BadInput, match=r"MyOwnBert found, a class of transformers .* write a model file"):
        read_source(str(folder), reviews)
    config(architectures=None)
    with pytest.raises(BadInput, match="the name of one class expected"):
        read_source(str(folder), reviews)


def test_a_folder_that_is_not_there_is_told_before_its_samples(reviews: Path) -> None:
    with pytest.raises(BadInput, match="nowhere: no such file"):
        read_source("nowhere", reviews)


def test_a_pickle_is_refused_with_the_command_that_converts_it(tmp_path: Path, reviews: Path) -> None:
    folder = folders.classifier(tmp_path / "my 'critic'")
    pickled = folders.pickled(folder)
    (folder / "optimizer.pt").write_bytes(b"")  # of a trainer: no weights
    with pytest.raises(BadInput, match=r"pytorch_model\.bin: a pickle found.*; convert it: ") as refusal:
        read_source(str(folder), reviews, {"text": "review"})
    folders.convert(str(refusal.value))
    converted = load_file(folder / "model.safetensors")
    assert {name: value.tolist() for name, value in converted.items()} == {
        name: value.tolist() for name, value in pickled.items()
    }
    read_source(str(folder), reviews, {"text": "review"})


# PyTorch 2.15 checks here what an earlier, refused file left.
@pytest.mark.filterwarnings("ignore:Validating sparse tensor invariants:UserWarning")
def test_a_converted_pickle_lacks_what_the_pickle_lacked(folder: Path, reviews: Path) -> None:
    folders.pickled(folder, without="classifier.")
    with pytest.raises(BadInput, match="convert it: ") as refusal:
        read_source(str(folder), reviews, {"text": "review"})
    folders.convert_here(str(refusal.value))
    with pytest.raises(BadInput, match=r"no weights for classifier\.bias and 1 more found"):
        read_source(str(folder), reviews, {"text": "review"})


def test_a_pickle_in_parts_becomes_one_file(folder: Path, reviews: Path) -> None:
    weights = folders.pickled(folder)
    (folder / "pytorch_model.bin").unlink()
    for i, names in enumerate((list(weights)[::2], list(weights)[1::2]), 1):
        shared = {name: weights[name] for name in names}
        torch.save(shared, folder / f"pytorch_model-0000{i}-of-00002.bin")
    with pytest.raises(BadInput, match=r"pytorch_model-00001-of-00002\.bin: a pickle found") as refusal:
        read_source(str(folder), reviews, {"text": "review"})
    folders.convert_here(str(refusal.value))
    read_source(str(folder), reviews, {"text": "review"})


def test_weights_that_layers_share_are_converted(tmp_path: Path, lines: Path) -> None:
    folder = folders.bert(tmp_path / "gaps", "ForMaskedLM")
    tied = folders.pickled(folder)
    torch.save(
        tied | {"cls.predictions.decoder.bias": tied["cls.predictions.bias"]}, folder / "pytorch_model.bin"
    )
    with pytest.raises(BadInput, match="convert it: ") as refusal:
        read_source(str(folder), lines)
    folders.convert_here(str(refusal.value))
    read_source(str(folder), lines)


def test_weights_that_are_missing_are_named(config: Callable[..., None], folder: Path, reviews: Path) -> None:
    (folder / "model.safetensors").rename(folder / "other")
    with pytest.raises(BadInput, match="no weights found"):
        read_source(str(folder), reviews, {"text": "review"})
    (folder / "other").rename(folder / "model.safetensors")
    config(architectures=["BertForTokenClassification"], num_hidden_layers=2)
    with pytest.raises(BadInput, match=r"no weights for bert\.encoder\.layer\.1\S* and \d+ more found"):
        read_source(str(folder), reviews, {"text": "review"})


def test_a_tokenizer_that_is_missing_is_named(folder: Path, reviews: Path) -> None:
    for file in folder.glob("*token*"):
        file.unlink()
    with pytest.raises(BadInput, match="no tokenizer found"):
        read_source(str(folder), reviews, {"text": "review"})


def test_a_library_that_is_missing_is_told_with_its_extra(
    folder: Path, reviews: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("edgeattn.source.checkpoint.t")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(EdgeAttnError, match=r"pip install 'edgeattn\[checkpoints\]"):
        read_source(str(folder), reviews)


def test_what_a_library_says_of_a_broken_file_is_one_line(
    folder: Path, reviews: Path, refused: Refused
) -> None:
    (folder / "tokenizer.json").write_text("{}", "utf-8")
    line = refused("export", folder, "--samples", reviews, "--columns", "text=review")
    assert "check that its library opens it" in line
    (folder / "config.json").write_text("{", "utf-8")
    assert str(folder) in refused("export", folder, "--samples", reviews)


def test_timm_is_asked_for_where_its_folder_needs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    monkeypatch.delitem(sys.modules, "edgeattn.source.checkpoint.tasks.timm_images", raising=False)
    (tmp_path / "config.json").write_text('{"architecture": "vit_tiny_patch16_224"}', "utf-8")
    with pytest.raises(EdgeAttnError, match=r"pip install 'edgeattn\[timm\]"):
        read_source(str(tmp_path), sample_files.images(tmp_path / "images"))


def test_a_network_that_takes_no_texts_is_named(tmp_path: Path, lines: Path) -> None:
    folder = folders.listener(tmp_path / "listener")
    file = folder / "config.json"
    table = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps({**table, "architectures": ["Wav2Vec2Model"]}), "utf-8")
    with pytest.raises(BadInput, match="Wav2Vec2Model takes input_values: a class for texts expected"):
        read_source(str(folder), lines)
