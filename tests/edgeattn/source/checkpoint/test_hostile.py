"""Folders of a stranger that would run code, fetch, or read what is not theirs: refused in one line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import folders
import numpy as np
import pytest
import sample_files
import transformers
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer, models

from edgeattn.source.arguments import read_source
from edgeattn.source.checkpoint.checkpoint import Checkpoint
from edgeattn.source.checkpoint.write_model import write_model
from edgeattn_runtime.errors import BadInput

BACKBONE = "test_resnet"  # of timm: half a million weights
SIZES = {"d_model": 32, "encoder_layers": 1, "decoder_layers": 1, "num_queries": 4} | {
    f"{part}_{size}": number
    for part in ("encoder", "decoder")
    for size, number in (("attention_heads", 2), ("ffn_dim", 32))
}
Change = Callable[..., None]


def changed(file: Path, **settings: object) -> None:
    table = json.loads(file.read_text("utf-8")) if file.exists() else {}
    file.write_text(json.dumps({**table, **settings}), "utf-8")


@pytest.fixture
def critic(tmp_path: Path) -> Path:
    return folders.classifier(tmp_path / "critic")


@pytest.fixture
def seer(tmp_path: Path) -> Path:
    return folders.seer(tmp_path / "seer")


def refusal(folder: Path, data: Path, columns: dict[str, str] | None = None) -> str:
    with pytest.raises(BadInput) as refused:
        read_source(str(folder), data, columns)
    return str(refused.value)


@pytest.mark.parametrize("name", ["checkpoint_path", "pretrained", "pretrained_cfg_overlay", "cache_dir"])
def test_arguments_of_timm_that_open_something(name: str, seer: Path, images: Path) -> None:
    pytest.importorskip("timm")
    cfg = {"input_size": [3, 16, 16], "url": "http://127.0.0.1:9/x.pth"}
    changed(seer / "config.json", architecture="resnet18", num_classes=2, pretrained_cfg=cfg)
    changed(seer / "config.json", model_args={"depth": 1, name: "seer/notes.bin"})
    assert f"config.json: model_args.{name} found, the sizes and parts" in refusal(seer, images)


@pytest.mark.parametrize("name", ["hf-hub:a-stranger/net", "local-dir:/tmp", "../net"])
def test_a_network_of_timm_that_lies_elsewhere(name: str, seer: Path, images: Path) -> None:
    pytest.importorskip("timm")
    changed(seer / "config.json", architecture=name, num_classes=2, pretrained_cfg={})
    assert f"architecture {name} found, the name of a network of timm expected" in refusal(seer, images)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"backbone": "a-stranger/net", "use_timm_backbone": False}, "backbone a-stranger/net found, whose"),
        (
            {"backbone": "a-stranger/net", "use_timm_backbone": True},
            "backbone a-stranger/net found, the name",
        ),
        ({"backbone": "resnet-50"}, "backbone resnet-50 found, whose settings lie on the hub"),
        (
            {"backbone_config": {"model_type": "timm_backbone", "backbone": "hf-hub:a/b"}},
            "backbone hf-hub:a/b found",
        ),
        (
            {"parts": [{"model_type": "timm_wrapper", "architecture": "hf-hub:a/b"}]},
            "architecture hf-hub:a/b found",
        ),
        ({"model_args": {"checkpoint_path": "x"}}, "model_args.checkpoint_path found"),
        (
            {"use_timm_backbone": True, "backbone": "resnet18", "backbone_kwargs": {"pretrained": True}},
            "backbone_kwargs.pretrained found",
        ),
    ],
)
def test_a_backbone_that_would_be_fetched(
    settings: dict[str, Any], named: str, seer: Path, images: Path
) -> None:
    changed(seer / "config.json", **settings)
    assert named in refusal(seer, images)


@pytest.mark.parametrize("arguments", [None, {"in_chans": 3, "out_indices": [1, 2, 3, 4]}])
def test_a_backbone_of_timm_is_built_here(
    arguments: dict[str, Any] | None, tmp_path: Path, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the configurations of DETR that transformers 4 wrote name it, to be fetched."""
    pytest.importorskip("timm")
    config = transformers.DetrConfig(
        backbone=BACKBONE,
        backbone_config=None,
        use_timm_backbone=True,
        use_pretrained_backbone=False,
        id2label={0: "dark", 1: "light"},
        **SIZES,
    )
    size = {"height": 64, "width": 64}
    folder = folders.vision(tmp_path / "detr", transformers.DetrForObjectDetection(config), size=size)
    named = {"backbone": BACKBONE, "use_timm_backbone": True, "use_pretrained_backbone": True}
    changed(folder / "config.json", **named, backbone_kwargs=arguments, backbone_config=None)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("timm.models._builder.load_pretrained", _no_weights)
    found = read_source(str(folder), images)
    assert "pixel_values" in next(iter(found.read())).inputs


def _no_weights(*_: object, **__: object) -> None:
    raise AssertionError("weights asked for")


@pytest.mark.parametrize("place", ["../other", "/etc", "C:\\other", "a/../../other"])
def test_parts_of_a_sentence_embedding_outside(place: str, critic: Path, reviews: Path) -> None:
    parts = [{"type": "models.Transformer", "path": ""}, {"type": "models.Pooling", "path": place}]
    (critic / "modules.json").write_text(json.dumps(parts), "utf-8")
    said = refusal(critic, reviews, {"text": "review"})
    assert f"modules.json: {place} found, which lies outside of the folder" in said


def test_weights_outside(critic: Path, reviews: Path) -> None:
    (critic / "model.safetensors").rename(critic.parent / "secret.safetensors")
    (critic / "more.safetensors").touch()
    index = {"metadata": {}, "weight_map": {"classifier.bias": "../secret.safetensors"}}
    (critic / "model.safetensors.index.json").write_text(json.dumps(index), "utf-8")
    said = refusal(critic, reviews, {"text": "review"})
    assert "model.safetensors.index.json: ../secret.safetensors found, which lies outside" in said


def test_a_vocabulary_outside(critic: Path, reviews: Path) -> None:
    changed(critic / "tokenizer_config.json", vocab_file=str(reviews), special_tokens_map_file=str(reviews))
    said = refusal(critic, reviews, {"text": "review"})
    assert f"tokenizer_config.json: {reviews} found, which lies outside of the folder" in said


def test_paths_that_training_left_there_do_no_harm(critic: Path, reviews: Path) -> None:
    changed(
        critic / "tokenizer_config.json", vocab_file="/of/another/machine.txt", special_tokens_map_file="/"
    )
    read_source(str(critic), reviews, {"text": "review"})


def test_an_adapter(critic: Path, reviews: Path) -> None:
    changed(critic / "adapter_config.json", base_model_name_or_path="a-stranger/net", peft_type="LORA")
    said = refusal(critic, reviews, {"text": "review"})
    assert "adapter_config.json: an adapter found, weights of a network expected" in said


def test_code_of_a_tokenizer_is_not_asked_for(
    tmp_path: Path, reviews: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, ran = tmp_path / "net", tmp_path / "ran"
    config = transformers.BloomConfig(vocab_size=7, hidden_size=32, n_layer=1, n_head=2, pad_token_id=4)
    transformers.BloomForSequenceClassification(config).save_pretrained(folder)
    Tokenizer(models.WordLevel({"[UNK]": 0, "a": 1}, unk_token="[UNK]")).save(str(folder / "tokenizer.json"))
    own = {"tokenizer_class": "Own", "auto_map": {"AutoTokenizer": ["own.Own", None]}}
    (folder / "tokenizer_config.json").write_text(json.dumps(own), "utf-8")
    (folder / "own.py").write_text(f"open({str(ran)!r}, 'w')\nclass Own: pass\n", "utf-8")
    monkeypatch.setattr("builtins.input", _no_question)
    try:
        read_source(str(folder), reviews, {"text": "review", "label": "stars"})
    except BadInput as error:
        assert "\n" not in str(error)  # noqa: PT017 - some versions take tokenizer.json as it is
    assert not ran.exists()


def _no_question(_: str = "") -> str:
    raise AssertionError("a question asked")


def test_code_of_an_image_processor_is_refused(seer: Path, images: Path) -> None:
    own = {"image_processor_type": "Own", "auto_map": {"AutoImageProcessor": "own.Own"}}
    changed(seer / "preprocessor_config.json", **own)
    (seer / "own.py").write_text("raise AssertionError", "utf-8")
    assert "ImageProcessor of the folder's own found, code that is not run" in refusal(seer, images)


@pytest.mark.skipif(sys.platform == "win32", reason="a name that Windows does not take")
def test_names_are_no_code_of_the_model_file(tmp_path: Path) -> None:
    name = 'x""" + str(open("ran", "w")) + """'
    folder, data = folders.classifier(tmp_path / name), sample_files.reviews(tmp_path / f"{name}.csv")
    write_model(Checkpoint(folder, data, {"text": "review", "label": "stars"}), tmp_path / "model.py")
    before = Path.cwd()
    os.chdir(tmp_path)
    try:
        read_source("model.py", None)
    finally:
        os.chdir(before)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("num_hidden_layers", 10**9),
        ("num_attention_heads", 2000),
        ("vocab_size", 2**25),
        ("backbone_config", {"depths": [2, 10**9]}),
        ("n_layer", 1e9),
        ("inner_group_num", 10**9),
    ],
)
def test_sizes_are_bounded_before_anything_is_built(
    name: str, number: object, critic: Path, reviews: Path
) -> None:
    changed(critic / "config.json", **{name: number})
    began = time.process_time()
    assert re.search(r"config\.json: \w+ [\d,.]+ found, at most [\d,]+ expected", refusal(critic, reviews))
    assert time.process_time() - began < 5


def test_sizes_of_timm_are_bounded(seer: Path, images: Path) -> None:
    pytest.importorskip("timm")
    changed(seer / "config.json", architecture="vit_tiny_patch16_224", model_args={"depth": 10**9})
    assert "config.json: depth 1,000,000,000 found, at most 1,024 expected" in refusal(seer, images)


def test_names_of_weights_command_no_terminal(critic: Path, reviews: Path) -> None:
    weights = load_file(critic / "model.safetensors")
    save_file({**weights, "x\x1b]0;owned\x07\x1b[2J": np.zeros(2, np.float32)}, critic / "model.safetensors")
    script = (
        "import sys; from pathlib import Path; from edgeattn.source.arguments import read_source; "
        "read_source(Path(sys.argv[1]), Path(sys.argv[2]), {'text': 'review'}, None)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, critic, reviews], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert r"x\x1b]0;owned\x07" in done.stderr
    assert "\x1b" not in done.stderr.replace("\\x1b", "")
    assert "\x07" not in done.stderr
