from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.manifest import Manifest
from edgeattn_runtime.processing import Audio, Image, Labels, Processing, Text

ROOM = Path(__file__).parents[3] / "runtime"
SCHEMA = json.loads((ROOM / "manifest.schema.json").read_text("utf-8"))
TEXT = (ROOM / "conformance" / "processed.edge" / "manifest.json").read_text("utf-8")

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


def test_the_manifest_gives_back_what_it_was_given() -> None:
    table = _table(**Processing(image=IMAGE, audio=AUDIO).to_table())
    manifest = Manifest.from_json(json.dumps(table))
    assert manifest.processing is not None
    assert manifest.processing.text == Text(
        tokenizer="tokenizer.json", ids="tokens", mask="mask", types=None, longest=16
    )
    assert (manifest.processing.image, manifest.processing.audio) == (IMAGE, AUDIO)
    assert Manifest.from_json(manifest.to_json()) == manifest
    jsonschema.validate(json.loads(manifest.to_json()), SCHEMA)


def test_it_says_what_an_app_has_to_do() -> None:
    labels = Labels(output="logits", names=("cat", "dog"))
    said = str(Processing(text=Text(tokenizer="t.json", ids="ids", mask=None, types="types", longest=9)))
    assert all(word in said for word in ("t.json", "ids, types", "9"))
    said = str(Processing(image=IMAGE, audio=AUDIO, labels=labels))
    assert all(word in said for word in ("RGB", "224 x 192", "16000 Hz", "2 labels for logits"))


def _set(*path: str | int, to: object) -> Callable[[Any], None]:
    def change(table: Any) -> None:
        for key in path[:-1]:
            table = table[key]
        table[path[-1]] = to

    return change


# Each breaks a rule that the JSON schema states too.
BROKEN: dict[str, Callable[[Any], None]] = {
    ": ": lambda processing: processing.clear(),
    ".video: ": _set("video", to={}),
    ".text.mask: missing": lambda processing: processing["text"].pop("mask"),
    ".text.longest: 0": _set("text", "longest", to=0),
    ".text.types: ": _set("text", "types", to=""),
    ".image.channels: ": _set("image", "channels", to="RGBA"),
    ".image.layout: ": _set("image", "layout", to="CHW"),
    ".image.resample: ": _set("image", "resample", to="lanczos"),
    ".image.mean: ": _set("image", "mean", to=[0.5]),
    ".image.std: ": _set("image", "std", to=[1, 0, 1]),
    ".image.height: ": _set("image", "height", to=0),
    ".audio.rate: ": _set("audio", "rate", to=16000.5),
    ".labels.names: ": _set("labels", "names", to=[]),
}

# What ties processing to graphs and files is beyond the schema.
UNTIED: dict[str, Callable[[Any], None]] = {
    ".text.tokenizer: 'words.json'": _set("text", "tokenizer", to="words.json"),
    ".text.ids: 'ids'": _set("text", "ids", to="ids"),
    ".text.types: 'types'": _set("text", "types", to="types"),
    ".text.ids: mask: float32": _set("text", "ids", to="mask"),
    ".text.mask: pixels: float32": _set("text", "mask", to="pixels"),
    ".image.input: 'picture'": _set("image", "input", to="picture"),
    ".image.input: wave: float32[batch, time] found, float32 of 4 dims": _set("image", "input", to="wave"),
    ".audio.input: 'sound'": _set("audio", "input", to="sound"),
    ".audio.input: wave: float32[batch, time] found, float32 of 3 dims": _set("audio", "channels", to=2),
    ".audio.input: tokens: int64": _set("audio", "input", to="tokens"),
    ".labels.output: 'tokens'": _set("labels", "output", to="tokens"),
    ".labels.names: 2": _set("labels", "names", to=["a", "b"]),
}


@pytest.mark.parametrize("message", [*BROKEN, *UNTIED])
def test_what_breaks_a_rule_is_refused(message: str) -> None:
    table = json.loads(json.dumps(_table(**Processing(image=IMAGE, audio=AUDIO).to_table())))
    (BROKEN | UNTIED)[message](table["processing"])
    with pytest.raises(BundleError, match="^" + re.escape(f"processing{message}")):
        Manifest.from_json(json.dumps(table))
    if message in BROKEN:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(table, SCHEMA)


def test_a_generation_is_fed_by_its_encoder(conformance: Path) -> None:
    table = json.loads((conformance / "encoder-decoder.edge" / "manifest.json").read_text("utf-8"))
    text = {"tokenizer": "encoder.onnx", "ids": "source", "mask": None, "types": None, "longest": None}
    table["processing"] = {"text": text}
    assert Manifest.from_json(json.dumps(table)).processing is not None
