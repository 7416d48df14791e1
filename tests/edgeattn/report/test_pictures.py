"""A sample drawn: each kind of data, its words, and what is told of neither."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from edgeattn.report.pictures import picture_of
from edgeattn.report.pictures.answered_sample import AnsweredSample
from edgeattn.report.pictures.patches import patch_grid
from edgeattn.source.own_processing import OwnProcessing

TOKENIZER = Path(__file__).parents[3] / "runtime/conformance/build/processed.edge/tokenizer.json"
WORDS = ("seven (99 %)", "seven (98 %)")
DRAW = np.random.default_rng(0)
IMAGE: Mapping[str, object] = {
    "input": "x",
    "height": 6,
    "width": 6,
    "channels": "RGB",
    "layout": "NCHW",
    "resample": "nearest",
    "scale": -1,
    "mean": [-255, -255, -255],
    "std": [15, 15, 15],
}
SERIES: Mapping[str, object] = {
    "input": "x",
    "output": "y",
    "names": ["rain in mm", "wind"],
    "mean": [1, 2],
    "std": [3, 4],
    "missing": "refuse",
}
TEXT: Mapping[str, object] = {
    "tokenizer": TOKENIZER,
    "ids": "x",
    "mask": None,
    "types": None,
    "longest": None,
}
LOG_MEL = {"frame": 8, "hop": 3, "bands": 4, "stack": 2, "floor": 1e-5}


def answered(processing: Mapping[str, object], x: object, y: object = 0.5, **more: object) -> AnsweredSample:
    output = np.asarray(y, np.float32)
    own = OwnProcessing.read(processing)
    return AnsweredSample(
        processing=own.processing,
        paths=own.paths,
        inputs={"x": np.asarray(x)},
        original={"y": output},
        bundle={"y": output * np.float32(0.9)},
        words=WORDS,
        **more,  # type: ignore[arg-type]
    )


def drawn(*parts: Any, **more: object) -> str:
    """Return the picture of a sample of such parts."""
    sample = answered(*parts, **more)
    picture = picture_of(sample)
    assert picture is not None
    assert picture == picture_of(sample)  # the same bytes every time
    assert ElementTree.fromstring(picture).tag.endswith("svg")
    assert len(picture) < 200_000  # a page holds it
    return picture.decode()


def test_an_image_stands_beside_what_either_read() -> None:
    svg = drawn({"image": IMAGE}, DRAW.uniform(0, 17, (1, 3, 6, 6)).astype(np.float32))
    assert "<image" in svg
    assert all(f"{who}: {said}" in svg for who, said in zip(("PyTorch", "The bundle"), WORDS, strict=True))


@pytest.mark.parametrize("samples", [1, 150, 8000])
def test_a_sound_is_drawn_as_a_wave_and_a_spectrogram(samples: int) -> None:
    audio = {"input": "x", "rate": 8000, "channels": 1}
    for sound in (DRAW.uniform(-1, 1, (1, samples)), np.zeros((1, samples))):
        svg = drawn({"audio": audio}, sound.astype(np.float32))
        assert all(told in svg for told in ("seconds", "kHz", WORDS[0]))


def test_features_are_drawn_without_what_fills_them_up() -> None:
    tokens = DRAW.normal(size=(1, 5, 8)).astype(np.float32)
    tokens[0, 3:] = 0
    audio = {"input": "x", "rate": 8000, "channels": 1, "log_mel": LOG_MEL}
    svg = drawn({"audio": audio}, tokens)
    assert "mel band" in svg


def test_a_forecast_is_drawn_with_the_naive_one_and_what_came() -> None:
    past, ahead = DRAW.normal(size=(1, 2, 30)), DRAW.normal(size=(1, 2, 6))
    alone = drawn({"series": SERIES}, past.astype(np.float32), ahead)
    judged = drawn({"series": SERIES}, past.astype(np.float32), ahead, target=ahead)
    told = ("rain in mm", "wind", "naive: the last season again", "PyTorch", "the bundle")
    assert all(each in alone and each in judged for each in told)
    assert ("actual" in alone, "actual" in judged) == (False, True)


def test_a_text_is_shown_with_its_neighbors_by_either() -> None:
    def others() -> list[tuple[dict[str, object], dict[str, object], dict[str, object]]]:
        vectors = [[1, 0], [0, 1], [0.8, 0.6]]
        texts = [[1, 3], [2, 4], [2, 5]]  # "a cat", "the dog", "the mat"
        return [
            ({"x": np.array([ids])}, {"y": np.array([v])}, {"y": np.array([v[::-1]])})
            for ids, v in zip(texts, vectors, strict=True)
        ]

    svg = drawn({"text": TEXT}, [[2, 3]], [[1, 0]], others=others)
    told = [line.strip(" <!->") for line in svg.splitlines() if line.strip().startswith("<!--")]
    assert told == [
        "the cat",
        "Nearest by PyTorch:",
        *("1.000  a cat", "0.800  the mat", "0.000  the dog"),
        "Nearest by the bundle:",
        *("1.000  the dog", "0.600  the mat", "0.000  a cat"),
    ]


def test_attention_is_drawn_over_the_tokens_of_a_text() -> None:
    weights = DRAW.dirichlet(np.ones(3), (1, 4, 3))  # (1, H, S, S)
    svg = drawn({"text": TEXT}, [[2, 3, 6]], weights, attention="y")
    told = [line.strip(" <!->") for line in svg.splitlines() if line.strip().startswith("<!--")]
    assert told[:6] == ["the", "cat", "sat"] * 2  # above, and at the left
    assert f"mean of 4 heads; strongest {100 * weights[0].mean(0).max():.0f} %" in svg


def test_attention_to_nothing_is_drawn_too() -> None:
    zeros = np.zeros((1, 9, 9))
    image = DRAW.uniform(0, 17, (1, 3, 6, 6)).astype(np.float32)
    assert "strongest 0 %" in drawn({"text": TEXT}, [[2, 3, 6]], zeros[:, :3, :3], attention="y")
    assert "strongest 0.0 %" in drawn({"image": IMAGE}, image, zeros, attention="y")


def test_a_long_text_is_drawn_by_its_beginning() -> None:
    svg = drawn({"text": TEXT}, [[3] * 100], np.full((1, 100, 100), 0.01), attention="y")
    assert svg.count("<!-- cat -->") == 3 * 32  # columns of both, rows once


@pytest.mark.parametrize(
    ("keys", "images", "whose"),
    [(9, 3, "of all queries"), (10, 3, "of the first token"), (30, 1, "")],
    ids=["patches", "patches behind a token", "no patches"],
)
def test_attention_is_drawn_over_the_patches_of_an_image(keys: int, images: int, whose: str) -> None:
    image = DRAW.uniform(0, 17, (1, 3, 6, 6)).astype(np.float32)
    svg = drawn({"image": IMAGE}, image, DRAW.dirichlet(np.ones(keys), (1, 2, keys)), attention="y")
    assert svg.count("<image") == images  # the image, and by each model a map over it
    assert whose in svg


@pytest.mark.parametrize(
    ("keys", "height", "grid"),
    [
        (49, 28, (0, 7, 7)),
        (197, 224, (1, 14, 14)),
        (198, 224, (2, 14, 14)),
        (201, 224, (5, 14, 14)),
        (7, 9, None),
        (1, 28, (0, 1, 1)),
    ],
)
def test_patches_are_square_and_stand_behind_few_tokens(
    keys: int, height: int, grid: tuple[int, int, int] | None
) -> None:
    assert patch_grid(keys, height, height) == grid


@pytest.mark.parametrize(
    "processing",
    [
        {"text": TEXT},  # of a score a place
        {"labels": {"output": "y", "names": ["no", "yes"]}},
        {"series": {**SERIES, "output": None}},
    ],
)
def test_what_is_neither_seen_nor_heard_is_not_drawn(processing: Mapping[str, object]) -> None:
    assert picture_of(answered(processing, [[1, 2]], [[[0.5, 1]]])) is None
