from __future__ import annotations

import json
from typing import Any

import pytest
from broken_manifest import SCHEMA, Change, manifest_of, put, refused_by_reader_alone, refused_by_schema_too

from edgeattn_runtime.bundle.manifest import Manifest
from edgeattn_runtime.processing import Audio, Image, Labels, Processing, Text
from edgeattn_runtime.processing.classes import Classes
from edgeattn_runtime.processing.objects import Objects

TEXT = manifest_of("processed")

IMAGE = Image(
    input="pixels",
    height=224,
    width=192,
    channels="RGB",
    layout="NCHW",
    resample="bilinear",
    scale=1 / 255,
    mean=(0.5, 0.4, 0.3),
    std=(0.2, 0.2, 0.1),
)
OBJECTS = Objects(
    boxes="embedding", form="center", scores="softmax", background=None, threshold=0.5
).to_table()
CLASSES = Classes(scores="softmax")
AUDIO = Audio(input="wave", rate=16000, channels=1)


def _table(**parts: Any) -> Any:
    table = json.loads(TEXT)
    table["graphs"]["model"]["inputs"] += [
        {"name": "pixels", "dtype": "float32", "dims": ["batch", 3, 224, 192]},
        {"name": "wave", "dtype": "float32", "dims": ["batch", "time"]},
    ]
    table["symbols"]["time"] = {"min": 1, "max": None}
    table["processing"] |= parts
    return table


def _changed(change: Change) -> Any:
    table = json.loads(
        json.dumps(_table(**Processing(image=IMAGE, audio=AUDIO, prediction=CLASSES).to_table()))
    )
    change(table["processing"])
    return table


def test_the_manifest_gives_back_what_it_was_given() -> None:
    table = _table(**Processing(image=IMAGE, audio=AUDIO, prediction=CLASSES).to_table())
    manifest = Manifest.from_json(json.dumps(table))
    assert manifest.processing is not None
    assert manifest.processing.text == Text(
        tokenizer="tokenizer.json", ids="tokens", mask="mask", types=None, longest=16
    )
    assert (manifest.processing.image, manifest.processing.audio) == (IMAGE, AUDIO)
    assert manifest.processing.prediction == CLASSES
    assert Manifest.from_json(manifest.to_json()) == manifest
    SCHEMA.validate(json.loads(manifest.to_json()))


def test_it_says_what_an_app_has_to_do() -> None:
    labels = Labels(output="logits", names=("cat", "dog"))
    text = str(Processing(text=Text(tokenizer="t.json", ids="ids", mask=None, types="types", longest=9)))
    assert all(word in text for word in ("t.json", "ids, types", "9"))
    text = str(Processing(image=IMAGE, audio=AUDIO, labels=labels))
    assert all(word in text for word in ("RGB", "224 x 192", "16000 Hz", "2 labels for logits"))


def stretched(processing: Any) -> None:
    """Stretch images of their own size."""
    processing["image"] |= {"height": None, "width": None, "resize": {"height": 9, "width": 9}}


# Each breaks a rule that the JSON schema states too.
BROKEN: dict[str, Change] = {
    ": ": lambda processing: processing.clear(),
    ".video: ": put("video", to={}),
    ".text.mask: missing": lambda processing: processing["text"].pop("mask"),
    ".text.longest: 0": put("text", "longest", to=0),
    ".text.types: ": put("text", "types", to=""),
    ".image.channels: ": put("image", "channels", to="RGBA"),
    ".image.layout: ": put("image", "layout", to="CHW"),
    ".image.resample: ": put("image", "resample", to="area"),
    ".image.mean: ": put("image", "mean", to=[0.5]),
    ".image.std: ": put("image", "std", to=[1, 0, 1]),
    ".image.height: ": put("image", "height", to=0),
    ".image.resize: []": put("image", "resize", to=[]),
    ".image.resize.width: missing": put("image", "resize", to={"height": 256}),
    ".image.resize.height: unknown key": put("image", "resize", to={"shorter": 256, "height": 256}),
    ".image.resize.shorter: 0": put("image", "resize", to={"shorter": 0}),
    ".image.resize.multiple: unknown key": put("image", "resize", to={"shorter": 256, "multiple": 8}),
    '.image.resize.fit: "fill"': put("image", "resize", to={"height": 256, "width": 256, "fit": "fill"}),
    ".image.height: null": put("image", "height", to=None),
    '.image.align: "up"': put("image", "align", to="up"),
    ".image.align: missing": put("image", "resize", to={"shorter": 256}),
    ".image.align: none expected": put("image", "align", to="center"),
    ".image.resize: one that keeps the aspect": stretched,
    ".image.border: none expected": put("image", "border", to=[0, 0, 0]),
    ".audio.rate: ": put("audio", "rate", to=16000.5),
    ".labels.names: ": put("labels", "names", to=[]),
    ".prediction: []": put("prediction", to=[]),
    ".prediction: {}": put("prediction", to={}),
    '.prediction.kind: "poem"': put("prediction", to={"kind": "poem"}),
    ".prediction.scores: missing": put("prediction", to={"kind": "classes"}),
    '.prediction.scores: "cube"': put("prediction", to={"kind": "classes", "scores": "cube"}),
    ".prediction.blank: -1": put("prediction", to={"kind": "ctc", "blank": -1, "delimiter": None}),
    ".prediction.blanks: unknown key": put(
        "prediction", to={"kind": "ctc", "blank": 0, "delimiter": 1, "blanks": 2}
    ),
    ".prediction.threshold: 2": put("prediction", to={**OBJECTS, "threshold": 2}),
    '.prediction.form: "round"': put("prediction", to={**OBJECTS, "form": "round"}),
    ".labels: missing": lambda processing: processing.pop("labels"),
}


def own_size(processing: Any) -> None:
    """Take images of their own size for an input of one."""
    processing["image"] |= {"height": None, "width": None, "resize": {"shorter": 256}}


def framed(resize: dict[str, object], align: str = "center") -> Change:
    """Return what resizes images before they are laid into the input."""

    def change(processing: Any) -> None:
        processing["image"] |= {"resize": resize, "align": align}

    return change


# What ties processing to graphs and files is beyond the schema.
UNTIED: dict[str, Change] = {
    ".text.tokenizer: 'words.json'": put("text", "tokenizer", to="words.json"),
    ".text.ids: 'ids'": put("text", "ids", to="ids"),
    ".text.types: 'types'": put("text", "types", to="types"),
    ".text.ids: pixels: float32": put("text", "ids", to="pixels"),
    ".text.mask: pixels: float32": put("text", "mask", to="pixels"),
    ".image.input: 'picture'": put("image", "input", to="picture"),
    ".image.input: wave: float32[batch, time] ": put("image", "input", to="wave"),
    ".image: no border found, one expected around images that do not fill 224 x 192": framed(
        {"height": 224, "width": 191}
    ),
    ".image: no border found": framed({"shorter": 256}, "start"),
    ".image: no border": framed({"shorter": 256, "longer": 512}),
    ".image: no": framed({"height": 256, "width": 256, "fit": "contain"}),
    ".image.resize: 5,793 x 5,793 found": framed({"shorter": 5793}),
    ".image.height: null found": own_size,
    ".audio.input: 'sound'": put("audio", "input", to="sound"),
    ".audio.input: wave: float32[batch, time] ": put("audio", "channels", to=2),
    ".audio.input: tokens: int64": put("audio", "input", to="tokens"),
    ".labels.output: 'tokens'": put("labels", "output", to="tokens"),
    ".labels.names: 2": put("labels", "names", to=["a", "b"]),
    ".labels.output: embedding: ": put("prediction", to={"kind": "ctc", "blank": 0, "delimiter": 1}),
}


@pytest.mark.parametrize("message", BROKEN)
def test_what_breaks_a_rule_is_refused_by_reader_and_schema(message: str) -> None:
    refused_by_schema_too(_changed(BROKEN[message]), f"processing{message}")


@pytest.mark.parametrize("message", UNTIED)
def test_what_graphs_and_files_cannot_keep_is_refused(message: str) -> None:
    refused_by_reader_alone(_changed(UNTIED[message]), f"processing{message}")


def test_a_generation_is_fed_by_its_encoder() -> None:
    table = json.loads(manifest_of("encoder-decoder"))
    text = {"tokenizer": "encoder.onnx", "ids": "source", "mask": None, "types": None, "longest": None}
    table["processing"] = {"text": text}
    assert Manifest.from_json(json.dumps(table)).processing is not None
