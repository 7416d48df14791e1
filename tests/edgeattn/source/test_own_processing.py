"""Processing as a model's user hands it over: read, checked against the model and its samples, and packed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

import edgeattn
from edgeattn.source import handover
from edgeattn.source.own_processing import OwnProcessing
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_runtime.errors import ModelError
from edgeattn_runtime.graph import Graph, Tensor

TINY = Path(__file__).parents[1] / "tiny.py"
WORDS = ("zero", "one", "two", "three", "four", "five")

GRAPH = Graph(
    (Tensor("pixels", "float32", ("batch", 1, 2, 2)),), (Tensor("logits", "float32", ("batch", 2)),)
)
IMAGE = {
    "input": "pixels",
    "height": 2,
    "width": 2,
    "channels": "L",
    "layout": "NCHW",
    "resample": "nearest",
    "scale": 1,
    "mean": (0,),
    "std": (5,),
}
LEVELS = np.array([[0, 5], [10, 15]], np.uint8)
PIXELS = np.array([[[[0, 1], [2, 3]]]], np.float32)


@pytest.fixture
def tokenizer(tmp_path: Path) -> Path:
    """A tokenizer of the words for 0 to 5, under a name of the user's own."""
    made = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="none"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.save(str(tmp_path / "my-words.json"))
    return tmp_path / "my-words.json"


def _text(tokenizer: object) -> dict[str, object]:
    return {"tokenizer": tokenizer, "ids": "tokens", "mask": "attention_mask", "types": None, "longest": 9}


def _samples(*pixels: object) -> Samples:
    return Samples(tuple(Sample({"pixels": np.asarray(each)}) for each in pixels))


def test_a_file_of_the_users_gets_the_name_that_bundles_have(tokenizer: Path) -> None:
    own = OwnProcessing.read({"text": _text(str(tokenizer))})
    assert own.processing.text.tokenizer == "tokenizer.json"
    assert own.files() == {"tokenizer.json": tokenizer.read_bytes()}


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ({}, "processing: .* text, image, audio, series, labels or prediction "),
        ({"video": {}}, "processing.video: "),
        ({"text": _text("none.json")}, "processing.text.tokenizer: 'none.json'"),
        ({"text": _text(None)}, "processing.text.tokenizer: None"),
        ({"image": {**IMAGE, "std": (0,)}}, "processing.image.std: "),
        ({"image": {**IMAGE, "mean": None}}, "processing.image.mean: null"),
    ],
)
def test_what_breaks_a_rule_of_the_manifest_is_refused(table: Mapping[str, object], named: str) -> None:
    with pytest.raises(ModelError, match=named):
        OwnProcessing.read(table)


def test_raw_inputs_become_the_samples() -> None:
    raw = [
        {"image": LEVELS},
        {"image": LEVELS[::-1]},
        {"image": LEVELS},
    ]  # more of them than there are samples
    OwnProcessing.read({"image": IMAGE}, raw).check("net", GRAPH, _samples(PIXELS, PIXELS[..., ::-1, :]))


@pytest.mark.parametrize(
    ("changed", "raw", "sample", "named"),
    [
        ({"input": "image"}, {"image": LEVELS}, PIXELS, "processing.image.input: 'image'"),
        ({}, {"image": LEVELS}, PIXELS + 1e-3, r"raw input 0: 'pixels' .*0\.0, .*0\.001"),
        ({}, {"image": LEVELS}, PIXELS[0], r"float32 \[1, 1, 2, 2\], .*float32 \[1, 2, 2\]"),
        ({}, {"image": LEVELS / 2}, PIXELS, "raw input 0 .*: image: float64"),
        ({}, {"text": "a"}, PIXELS, "raw input 0 .*: net: .*text.*image"),
        ({}, {"picture": LEVELS}, PIXELS, "raw input 0 .*: picture: "),
    ],
)
def test_a_raw_input_that_becomes_no_sample_is_refused(
    changed: dict[str, object], raw: dict[str, object], sample: object, named: str
) -> None:
    own = OwnProcessing.read({"image": {**IMAGE, **changed}}, [raw])
    with pytest.raises(ModelError, match=named):
        own.check("net", GRAPH, _samples(sample))


def test_a_text_is_cut_without_a_word_where_its_sample_is(tokenizer: Path) -> None:
    text = {**_text(str(tokenizer)), "mask": None, "longest": 2}
    samples = Samples((Sample({"tokens": np.array([[1, 2]])}),))
    graph = Graph((Tensor("tokens", "int64", ("batch", "sequence")),), ())
    OwnProcessing.read({"text": text}, [{"text": "one two three"}]).check("net", graph, samples)


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], Any]:
    """Load a model's file with more lines at its end."""

    def written(more: str) -> Any:
        (tmp_path / "net.py").write_text(f"{TINY.read_text('utf-8')}\n{more}\n", encoding="utf-8")
        return handover.load(str(tmp_path / "net.py"))

    return written


def test_a_models_file_says_it(load: Callable[[str], Any], tokenizer: Path) -> None:
    source = load(
        f"processing = {{'text': {_text(str(tokenizer))}}}\n"
        "def raw():\n    while True:\n        yield {'text': 'one'}"
    )
    assert source.processing.paths == {"tokenizer.json": tokenizer}
    assert len(source.processing.raw) == 2000
    assert load("").processing is None


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ("processing = 'text'", "processing is str"),
        ("processing = {'text': {'tokenizer': 'none.json'}}", "'none.json'"),
        ("processing = {'labels': {'output': 'tags', 'names': list('abcd')}}\nraw = 1", "raw is int"),
        (
            "processing = {'labels': {'output': 'tags', 'names': list('abcd')}}\ndef raw():\n    yield 1 / 0",
            "ZeroDivisionError",
        ),
        (
            "processing = {'labels': {'output': 'tags', 'names': list('abcd')}}\ndef raw(): pass",
            r"raw\(\) .*NoneType",
        ),
    ],
)
def test_a_models_file_that_says_it_wrong_is_refused(
    more: str, named: str, load: Callable[[str], Any]
) -> None:
    with pytest.raises(ModelError, match=named):
        load(more)


def test_it_travels_in_the_bundle(tokenizer: Path, tmp_path: Path) -> None:
    given = handover.load(str(TINY))
    labels = {"output": "tags", "names": ["noun", "verb", "name", "other"]}
    bundle = edgeattn.export(
        given.module,
        [inputs for inputs, _ in given.samples],
        budget={"cosine": 0.9},
        processing={"text": _text(tokenizer), "labels": labels},
    )
    bundle.save(tmp_path / "tagger.edge")
    net = edgeattn.load(tmp_path / "tagger.edge")
    inputs = net.prepare(text=["one two", "five"])
    assert inputs["tokens"].tolist() == [[1, 2], [5, 0]]
    outputs = net(**inputs)
    likeliest = [labels["names"][i] for i in outputs["tags"].reshape(-1, 4).argmax(-1)]
    assert [row[0].name for row in net.labels(outputs)] == likeliest
