"""What the bundles' processing makes of a thousand inputs, odd ones included: what training makes."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from model_file import load
from numpy.typing import NDArray
from torch import Tensor

from edgeattn.source.own_processing import OwnProcessing
from edgeattn_runtime import InputError
from edgeattn_runtime.graph import Graph
from edgeattn_runtime.graph import Tensor as Spec
from edgeattn_runtime.processing.preparation import Preparation

ROOT = Path(__file__).parents[2]
INPUTS = 1000
SECOND = 8000  # samples
BATCH = "batch"
CONTRACTS: Mapping[str, tuple[Spec, ...]] = {
    "keywords": (Spec("audio", "float32", (BATCH, SECOND)),),
    "dictation": (Spec("sound", "float32", (BATCH, "sound", 160)), Spec("text", "int64", (BATCH, "text"))),
    "series": (Spec("past", "float32", (BATCH, 3, 336)),),
    "digits": (Spec("image", "float32", (BATCH, 1, 8, 8)),),
    "sentence": tuple(
        Spec(name, "int64", (BATCH, "sequence")) for name in ("input_ids", "attention_mask", "token_type_ids")
    ),
}


def preparation(model: ModuleType, name: str) -> Preparation:
    own = OwnProcessing.read(model.processing)
    return Preparation(name, own.processing, [Graph(CONTRACTS[name], ())], own.paths.__getitem__)


def sounds(least: int, most: int) -> Iterator[NDArray[np.float32]]:
    """Yield sounds of many lengths and kinds, float32 (samples,) of -1 to 1."""
    draw = np.random.default_rng(0)
    for i in range(INPUTS):
        length = (least, least + 1, most)[i] if i < 3 else int(draw.integers(least, most + 1))
        time = np.arange(length) / SECOND
        kinds = (
            draw.uniform(-1, 1, length),  # as loud as it goes
            1e-4 * draw.standard_normal(length),  # as good as silent
            np.sign(np.sin(2 * np.pi * draw.uniform(20, 4000) * time)),  # clipped
            np.sin(2 * np.pi * draw.uniform(20, 4000) * time) * np.exp(-5 * time),
            (np.arange(length) == draw.integers(length)) - 0.5,  # a click on a constant
            np.where(time < time[-1] / 2, 0, draw.uniform(-1, 1, length)),  # silent at first
        )
        yield kinds[i % len(kinds)].clip(-1, 1).astype(np.float32)


def test_keywords_hears_the_samples_themselves() -> None:
    prepare = preparation(load("keywords"), "keywords").inputs
    for samples in sounds(1, SECOND):
        audio = prepare(audio={"rate": SECOND, "samples": samples})["audio"]
        expected = np.zeros((1, SECOND), np.float32)
        expected[0, : len(samples)] = samples
        np.testing.assert_array_equal(audio, expected)


def test_dictation_hears_the_features_of_training() -> None:
    model = load("dictation")
    prepare = preparation(model, "dictation").inputs
    for samples in sounds(121, SECOND):
        sound = prepare(audio={"rate": SECOND, "samples": samples})["sound"]
        np.testing.assert_allclose(sound, model.features(torch.from_numpy(samples)), rtol=0, atol=1e-3)


def test_series_are_scaled_as_in_training() -> None:
    model = load("series")
    prepare = preparation(model, "series").inputs
    data, draw = model.held_out(), torch.Generator().manual_seed(0)
    kept = [past[0] for past, _ in model.windows(data["values"], 1)]
    for i in range(INPUTS):
        past = kept[i % len(kept)] * (1, 0, -3, 1e3)[i % 4] + torch.rand(3, 336, generator=draw)
        scaled = (past - data["mean"]) / data["std"]
        np.testing.assert_allclose(prepare(series=past)["past"][0], scaled, rtol=1e-6, atol=1e-6)


def test_digits_are_read_off_pictures_as_in_training() -> None:
    prepare = preparation(load("digits"), "digits").inputs
    draw = torch.Generator().manual_seed(0)
    for i in range(INPUTS):
        dots = torch.randint(0, (1, 2, 17)[i % 3], (8, 8), generator=draw, dtype=torch.uint8)
        dots = 16 - dots if i % 5 == 0 else dots
        np.testing.assert_array_equal(prepare(image=(255 - 15 * dots).numpy())["image"][0, 0], dots / 16)


def test_sentences_are_tokenized_as_in_training() -> None:
    model = load("sentence")
    prepare, pieces = preparation(model, "sentence").inputs, model.tokenizer()
    given = json.loads((ROOT / "runtime/conformance/build/prepare/texts.json").read_text("ascii"))
    texts = [*(text for text in given if isinstance(text, str)), "word " * 500, ""]
    assert len(texts) >= INPUTS
    for text in texts:
        with warnings.catch_warnings(action="ignore"):  # a text that is cut
            inputs = prepare(text=text)
        expected: dict[str, Tensor] = model.encode(text, pieces)
        assert {name: array.tolist() for name, array in inputs.items()} == {
            name: tensor.tolist() for name, tensor in expected.items()
        }


@pytest.mark.parametrize(
    ("name", "raw", "named"),
    [
        ("keywords", {"rate": SECOND, "samples": np.zeros(SECOND + 1)}, "8,001 samples .*8,000 "),
        ("keywords", {"rate": 16000, "samples": np.zeros(SECOND)}, "16000 Hz .*8000 "),
        ("dictation", {"rate": SECOND, "samples": np.zeros(SECOND)}, "silence"),
        ("dictation", {"rate": SECOND, "samples": np.zeros(120)}, "120 samples .*121 "),
    ],
)
def test_sounds_that_a_model_cannot_take_are_refused(
    name: str, raw: Mapping[str, object], named: str
) -> None:
    prepare = preparation(load(name), name).inputs
    with pytest.raises(InputError, match=named):
        prepare(audio=raw)
