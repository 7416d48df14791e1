"""Checkpoints by the names that they have on the hub."""

from __future__ import annotations

from pathlib import Path

import folders
import pytest
import sample_files

from edgeattn.source import model_files
from edgeattn.source.arguments import checkpoint_of, read_source
from edgeattn.source.model_files import check_files, local_checkpoint
from edgeattn_runtime.errors import BadInput


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the hub."""
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_name_is_what_was_downloaded(cache: Path, tmp_path: Path) -> None:
    folders.downloaded(folders.classifier(tmp_path / "critic"), cache, "owner/critic-small")
    data, columns = sample_files.reviews(tmp_path / "reviews.csv"), {"text": "review"}
    found = read_source("owner/critic-small", data, columns)
    assert found.name == "critic-small"
    assert len(found.read()) == 40
    assert checkpoint_of("owner/critic-small", data, columns).folder.is_dir()
    check_files("owner/critic-small", data)


@pytest.mark.parametrize("name", ["owner/critic", "models/digts", "bert-base-uncased", "gpt2"])
def test_another_name_is_refused_with_the_command(
    cache: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = f"^{name}: no such file, folder or module; "
    with pytest.raises(BadInput, match=f"{absent}.* run hf download {name}$"):
        read_source(name, None)
    monkeypatch.setattr(model_files, "find_spec", lambda _: None)  # without huggingface_hub
    with pytest.raises(BadInput, match=f"{absent}.* hf download {name} --local-dir {Path(name).name}$"):
        read_source(name, None)


def test_a_name_without_a_hyphen_is_what_was_downloaded(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    downloaded = {"gpt2": tmp_path / "hub" / "gpt2"}
    monkeypatch.setattr(model_files, "snapshot", downloaded.__getitem__)
    assert local_checkpoint("gpt2") == str(downloaded["gpt2"])
    (tmp_path / "gpt2.py").touch()
    assert local_checkpoint("gpt2") == "gpt2"  # a module of the working folder
    assert local_checkpoint("numpy") == "numpy"


@pytest.mark.parametrize(
    "name", ["models/digts.py", "models/digts/model.onnx", "net.pt2", "digts.models", "my-net.edge"]
)
def test_files_and_modules_are_no_names(cache: Path, name: str) -> None:
    with pytest.raises(BadInput) as refusal:
        read_source(name, None)
    assert "hf download" not in str(refusal.value)


@pytest.mark.parametrize(
    ("repository", "refusal"), [("timm/vit", "hf download timm/vit$"), (None, "export a")]
)
def test_a_model_of_timm_is_named_by_where_its_weights_are(
    cache: Path, monkeypatch: pytest.MonkeyPatch, repository: str | None, refusal: str
) -> None:
    timm = pytest.importorskip("timm")
    monkeypatch.setattr(timm, "get_pretrained_cfg_value", lambda *_: repository)
    with pytest.raises(BadInput, match=f"^vit_tiny_patch16_224: .*{refusal}"):
        read_source("vit_tiny_patch16_224", None)
