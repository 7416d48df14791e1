"""The manifest's ``generation``: read strictly, and held against the graphs that it names."""

from __future__ import annotations

import json
from typing import Any

import pytest
from broken_manifest import Change, changed, manifest_of, refused_by_reader_alone, refused_by_schema_too

from edgeattn_runtime.bundle.manifest import Manifest


def _changed(bundle: str, change: Change) -> Any:
    return changed(manifest_of(bundle), change)


def _generation(**keys: object) -> Change:
    return lambda manifest: manifest["generation"].update(keys)


def _without(key: str) -> Change:
    return lambda manifest: manifest["generation"].pop(key)


def _dims(graph: str, end: str, i: int, *dims: object) -> Change:
    return lambda manifest: manifest["graphs"][graph][end][i].update(dims=list(dims))


def _dtype(graph: str, end: str, i: int, dtype: str) -> Change:
    return lambda manifest: manifest["graphs"][graph][end][i].update(dtype=dtype)


def _symbol(name: str, least: int, most: int | None) -> Change:
    return lambda manifest: manifest["symbols"].update({name: {"min": least, "max": most}})


def test_positions_may_be_unbounded() -> None:
    def unbounded(manifest: Any) -> None:
        manifest["generation"]["positions"] = None
        for symbol in manifest["symbols"].values():
            symbol["max"] = None

    text = json.dumps(_changed("decoder", unbounded))
    generation = Manifest.from_json(text).generation
    assert generation is not None
    assert generation.positions is None
    assert json.loads(Manifest.from_json(text).to_json())["generation"]["positions"] is None


def test_the_first_token_of_a_vocabulary_may_be_a_stop() -> None:
    manifest = Manifest.from_json(json.dumps(_changed("decoder", _generation(defaults={"stop": [0]}))))
    assert manifest.generation is not None
    assert manifest.generation.defaults.stop == (0,)


# Each breaks one rule that the JSON schema can state too; the message must name the key.
BROKEN: dict[str, tuple[str, Change]] = {
    "generation: ": ("decoder", lambda m: m.update(generation=[])),
    "generation.kind: missing": ("decoder", _without("kind")),
    'generation.kind: "encoder" ': ("decoder", _generation(kind="encoder")),
    "generation.decoder: ": ("decoder", _generation(decoder="")),
    "generation.logits: missing": ("decoder", _without("logits")),
    "generation.cache: [] ": ("decoder", _generation(cache=[])),
    "generation.cache[0].present: missing": ("decoder", _generation(cache=[{"past": "a"}])),
    "generation.length: missing": ("decoder", _without("length")),
    "generation.length: null ": ("decoder", _generation(length=None)),
    "generation.positions: 0 ": ("decoder", _generation(positions=0)),
    "generation.encoder: unknown key": ("decoder", _generation(encoder="model")),
    "generation.encoder: missing": ("encoder-decoder", _without("encoder")),
    "generation.sources: missing": ("encoder-decoder", _without("sources")),
    "generation.sources: [] ": ("sources", _generation(sources=[])),
    'generation.sources: "features" ': ("sources", _generation(sources="features")),
    "generation.sources[1]: ": ("sources", _generation(sources=["features", ""])),
    'generation.sources: ["mask", "mask"] ': ("sources", _generation(sources=["mask", "mask"])),
    "generation.source: unknown key": ("encoder-decoder", _generation(source="source")),
    "generation.carried: missing": ("encoder-decoder", _without("carried")),
    "generation.carried: [] ": ("encoder-decoder", _generation(carried=[])),
    'generation.carried: ["seen", "seen"] ': ("sources", _generation(carried=["seen", "seen"])),
    "generation.defaults: {} ": ("decoder", _generation(defaults={})),
    "generation.defaults.do_sample: unknown key": ("decoder", _generation(defaults={"do_sample": True})),
    "generation.defaults.start: [] ": ("sources", _generation(defaults={"start": []})),
    "generation.defaults.stop[0]: -1 ": ("decoder", _generation(defaults={"stop": [-1]})),
    "generation.defaults.num_beams: 9 ": ("decoder", _generation(defaults={"num_beams": 9})),
    "generation.defaults.max_new_tokens: 0 ": ("decoder", _generation(defaults={"max_new_tokens": 0})),
    "generation.defaults.top_k: 0 ": ("decoder", _generation(defaults={"top_k": 0})),
    "generation.defaults.top_p: 0 ": ("decoder", _generation(defaults={"top_p": 0})),
    "generation.defaults.temperature: -1 ": ("decoder", _generation(defaults={"temperature": -1})),
    "generation.defaults.repetition_penalty: 0 ": (
        "decoder",
        _generation(defaults={"repetition_penalty": 0}),
    ),
    'generation.defaults.early_stopping: "sometimes" ': (
        "decoder",
        _generation(defaults={"early_stopping": "sometimes"}),
    ),
    "generation.defaults.temperature: 0.7 ": (
        "decoder",
        _generation(defaults={"num_beams": 2, "temperature": 0.7}),
    ),
    "generation.beams: unknown key": ("encoder-decoder", _generation(beams=4)),
}


@pytest.mark.parametrize("message", BROKEN)
def test_broken_keys_are_refused_by_reader_and_schema(message: str) -> None:
    refused_by_schema_too(_changed(*BROKEN[message]), message)


# What ties generation to the graphs is beyond the schema.
KEY, VALUE = ({"past": f"past_{part}_0", "present": f"present_{part}_0"} for part in ("key", "value"))
UNTIED: list[tuple[str, Change, str]] = [
    ("decoder", _generation(decoder="step"), "decoder: 'step'"),
    ("encoder-decoder", _generation(encoder="text"), "encoder: 'text'"),
    ("decoder", _generation(cache=[KEY]), "decoder: "),
    ("decoder", _generation(tokens="ids"), "decoder: "),
    ("decoder", _generation(length="held"), "decoder: "),
    ("encoder-decoder", _generation(carried=["cross_key_0"]), "decoder: "),
    ("encoder-decoder", _generation(sources=["words"]), "sources: "),
    ("sources", _generation(sources=["features"]), "sources: "),
    ("sources", _generation(sources=["features", "mask", "words"]), "sources: "),
    ("decoder", _dtype("model", "inputs", 0, "int32"), "tokens: tokens: int32[batch, sequence]"),
    ("decoder", _dims("model", "inputs", 0, 1, "sequence"), "tokens: tokens: int64[1, sequence]"),
    ("decoder", _generation(logits="scores"), "logits: the graph has no 'scores'"),
    ("decoder", _dims("model", "outputs", 0, "batch", 16), "logits: logits: float32[batch, 16]"),
    ("decoder", _dims("model", "outputs", 0, "batch", "sequence", "capacity"), "logits: logits: "),
    ("decoder", _dtype("model", "inputs", 1, "int32"), "length: past_length: int32[1]"),
    ("decoder", _dims("model", "inputs", 1, "batch"), "length: past_length: int64[batch]"),
    ("decoder", _dtype("model", "inputs", 2, "float16"), "cache[0].past: past_key_0: float16"),
    ("decoder", _dtype("model", "inputs", 2, "int8"), "cache[0].present: present_key_0: float32"),
    ("int8-cache", _dtype("model", "outputs", 1, "float32"), "cache[0].present: present_key_0: float32"),
    ("int8-cache", _dtype("model", "inputs", 3, "float16"), "cache[1].past: past_key_0_scale: float16"),
    ("decoder", _dims("model", "inputs", 2, "batch", 1, "sequence", 4), "cache[0].past: past_key_0: "),
    ("decoder", _dims("model", "outputs", 2, "batch", 2, "capacity", 4), "cache[1].present: present_value_0"),
    (
        "decoder",
        _generation(cache=[KEY, VALUE | {"present": "present_key_0"}]),
        "cache: 'present_key_0' continues two",
    ),
    ("encoder-decoder", lambda m: m["graphs"]["encoder"]["outputs"].pop(), "carried[2]: "),
    ("decoder", _generation(defaults={"start": [1]}), "defaults.start: found in a decoder alone"),
    ("decoder", _generation(defaults={"stop": [3, 16]}), "defaults.stop: token 16 "),
    ("encoder-decoder", _dims("encoder", "outputs", 0, "batch", "sequence", 4), "carried[0]: cross_key_0"),
    ("encoder-decoder", _dtype("encoder", "outputs", 2, "int64"), "carried[2]: carried_0: int64"),
]


@pytest.mark.parametrize(("bundle", "change", "message"), UNTIED)
def test_what_the_graphs_cannot_keep_is_refused(bundle: str, change: Change, message: str) -> None:
    refused_by_reader_alone(_changed(bundle, change), f"generation.{message}")


@pytest.mark.parametrize(
    ("change", "symbol"),
    [
        (_symbol("batch", 2, None), "batch"),
        (_symbol("sequence", 1, 8), "sequence"),
        (_symbol("capacity", 1, 15), "capacity"),
        (_symbol("capacity", 2, 16), "capacity"),
        (_generation(positions=None), "sequence"),
    ],
)
def test_symbols_that_the_positions_outgrow_are_refused(change: Change, symbol: str) -> None:
    refused_by_reader_alone(_changed("decoder", change), f"symbols.{symbol}: ")


@pytest.mark.parametrize("dtype", ["bool", "uint8", "float16", "float64"])
def test_sources_have_any_dtypes_and_dims(dtype: str) -> None:
    manifest = _changed("sources", _dtype("encoder", "inputs", 0, dtype))
    manifest["graphs"]["encoder"]["inputs"][1]["dims"] = [3, 32, 32]
    generation = Manifest.from_json(json.dumps(manifest)).generation
    assert generation is not None
    assert generation.sources == ("features", "mask")


def test_a_decoder_may_answer_more_than_is_named() -> None:
    extra = {"name": "states", "dtype": "float32", "dims": ["batch", "sequence", 8]}

    def answering_more(manifest: dict[str, Any]) -> None:
        manifest["graphs"]["model"]["outputs"].append(extra)
        for variant in manifest["variants"]:
            variant["tolerance"]["states"] = 0.05

    manifest = _changed("decoder", answering_more)
    assert Manifest.from_json(json.dumps(manifest)).generation is not None
