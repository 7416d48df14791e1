from __future__ import annotations

import json
from pathlib import Path

import folders
import pytest
import sample_files
import torch

from edgeattn.source.arguments import read_source
from edgeattn.source.checkpoint.generation_settings import defaults_of, left_out
from edgeattn.source.module import ModuleSource
from edgeattn_runtime.bundle.generation_options import GenerationOptions


def score(source: ModuleSource) -> float:
    """The metric of a first sample, and of an answer that is right."""
    sample = source.read()[0]
    logits = folders.answer(source, sample.inputs)["logits"]
    right = torch.nn.functional.one_hot(sample.target, logits.shape[-1]).float()
    assert source.metric({"logits": right}, sample.target) == 1
    return source.metric({"logits": logits}, sample.target)


def test_a_writer_is_asked_for_the_next_token(tmp_path: Path, lines: Path) -> None:
    found = read_source(str(folders.writer(tmp_path / "writer")), lines)
    for sample in found.read():
        assert (sample.inputs["input_ids"][:, 1:] == sample.target[:, :-1].numpy()).all()
    assert 0 <= score(found) < 1
    assert found.generation == GenerationOptions(stop=(3,))


def test_a_translator_is_given_the_target_so_far(tmp_path: Path) -> None:
    rows = [{"text": text, "target": " ".join(reversed(text.split()))} for text in sample_files.texts()]
    folder, data = folders.translator(tmp_path / "net"), sample_files.jsonl(tmp_path / "x.jsonl", rows)
    found = read_source(str(folder), data)
    for sample in found.read():
        so_far = sample.inputs["decoder_input_ids"]
        assert so_far[0, 0] == 0
        assert so_far.shape[1] <= folders.LONGEST
        assert (so_far[:, 1:] == sample.target[:, :-1].numpy()).all()
    assert 0 <= score(found) < 1
    assert found.generation == GenerationOptions(start=(0,), stop=(3,))


@pytest.mark.parametrize(
    ("settings", "start", "defaults", "others"),
    [
        ({"eos_token_id": [2, 3], "pad_token_id": 0}, [], {"stop": [2, 3]}, []),
        ({"eos_token_id": 1, "num_beams": 4}, [0], {"start": [0], "stop": [1], "num_beams": 4}, []),
        ({"temperature": 0.7, "top_k": 5}, [], {}, []),  # which count where tokens are drawn
        ({"do_sample": True, "top_p": 0.9}, [], {"temperature": 1.0, "top_k": 50, "top_p": 0.9}, []),
        ({"do_sample": True, "temperature": 0.7, "top_k": 0, "top_p": 1.0}, [], {"temperature": 0.7}, []),
        ({"do_sample": True, "num_beams": 2}, [], {"num_beams": 2}, ["do_sample=True"]),
        ({"num_beams": 9}, [], {}, ["num_beams=9"]),
        (
            {"early_stopping": True, "length_penalty": 2.0},
            [],
            {"length_penalty": 2.0, "early_stopping": True},
            [],
        ),
        (
            {"no_repeat_ngram_size": 3, "max_new_tokens": 9},
            [],
            {"max_new_tokens": 9},
            ["no_repeat_ngram_size=3"],
        ),
        # transformers counts the first token of a target with its length, and what it forces as new.
        (
            {"forced_bos_token_id": 5, "max_length": 20},
            [2],
            {"start": [2, 5], "max_new_tokens": 18},
            [],
        ),
        ({"forced_bos_token_id": 5, "max_new_tokens": 9}, [2], {"start": [2, 5], "max_new_tokens": 8}, []),
        ({"max_length": 20}, [], {}, ["max_length=20"]),  # of a prompt and its answer
        ({"eos_token_id": [3, 50256]}, [], {"stop": [3]}, ["eos_token_id=[50256]"]),
    ],
)
def test_settings_become_defaults(
    settings: dict[str, object], start: list[int], defaults: dict[str, object], others: list[str]
) -> None:
    assert defaults_of(settings, 64, start) == defaults
    assert left_out(settings, defaults) == others
    assert not defaults or GenerationOptions.read(defaults).to_table() == defaults


def test_a_setting_that_no_bundle_follows_is_named(tmp_path: Path, lines: Path) -> None:
    folder = folders.writer(tmp_path / "writer")
    (folder / "generation_config.json").write_text(json.dumps({"no_repeat_ngram_size": 3}), "utf-8")
    with pytest.warns(UserWarning, match="no bundle follows: no_repeat_ngram_size=3"):
        read_source(str(folder), lines)
