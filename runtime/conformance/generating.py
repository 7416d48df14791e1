"""Makes the bundles that generate: decoders alone, whose cache grows or stays, and one behind an encoder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import decoders
import in_place
from breaking import describe, save
from tiny import LONGEST, WORDS

from edgeattn_runtime.golden import write_golden
from edgeattn_runtime.manifest import CacheEntry, Generation, Graph, Symbol, Tensor

_PARTS = ("key", "value")


def _cache(kind: str, length: str) -> tuple[Tensor, ...]:
    dims = ("batch", 1, length, decoders.SIZE)
    return tuple(Tensor(f"{kind}_{part}_0", "float32", dims) for part in _PARTS)


_TOKENS = Tensor("tokens", "int64", ("batch", "sequence"))
_LOGITS = Tensor("logits", "float32", ("batch", "sequence", WORDS))
_MEMORY = _cache("memory", "source")
_DECODER = Graph("model.onnx", (_TOKENS, *_cache("past", "past")), (_LOGITS, *_cache("present", "total")))
_CROSSING = replace(_DECODER, inputs=(*_DECODER.inputs, *_MEMORY))
_IN_PLACE = Graph(
    "model.onnx",
    (_TOKENS, Tensor("past_length", "int64", (1,)), *_cache("past", "capacity")),
    (_LOGITS, *_cache("present", "capacity")),
)
_ENCODER = Graph("encoder.onnx", (Tensor("source", "int64", ("batch", "source")),), _MEMORY)

_SYMBOLS = {
    "batch": Symbol(1, None),
    "sequence": Symbol(1, LONGEST),
    "past": Symbol(0, LONGEST - 1),
    "total": Symbol(1, LONGEST),
}
_ALONE = Generation(
    kind="decoder",
    decoder="model",
    tokens="tokens",
    logits="logits",
    cache=tuple(CacheEntry(f"past_{part}_0", f"present_{part}_0") for part in _PARTS),
    positions=LONGEST,
)
_PAIRED = replace(
    _ALONE,
    kind="encoder-decoder",
    encoder="encoder",
    source="source",
    carried=tuple(tensor.name for tensor in _MEMORY),
)


def decoder(folder: Path) -> None:
    """Write the bundle of a decoder alone."""
    _lay(folder, crossing=False)
    describe(folder, {"model": _DECODER}, _SYMBOLS, recipe="float", generation=_ALONE)


def decoder_in_place(folder: Path) -> None:
    """Write the bundle of a decoder alone whose cache is kept in place."""
    folder.mkdir(parents=True)
    save(in_place.decoder(), folder / "model.onnx")
    write_golden(folder / "golden.safetensors", in_place.samples())
    symbols = {name: _SYMBOLS[name] for name in ("batch", "sequence")} | {"capacity": Symbol(1, LONGEST)}
    generation = replace(_ALONE, length="past_length")
    describe(folder, {"model": _IN_PLACE}, symbols, recipe="float", generation=generation)


def encoder_decoder(folder: Path) -> None:
    """Write the bundle of a decoder behind an encoder."""
    _lay(folder, crossing=True)
    save(decoders.encoder(), folder / "encoder.onnx")
    graphs = {"model": _CROSSING, "encoder": _ENCODER}
    symbols = {**_SYMBOLS, "source": Symbol(1, None)}
    describe(folder, graphs, symbols, recipe="float", generation=_PAIRED)


def _lay(folder: Path, *, crossing: bool) -> None:
    folder.mkdir(parents=True)
    save(decoders.decoder(crossing=crossing), folder / "model.onnx")
    write_golden(folder / "golden.safetensors", decoders.samples(crossing=crossing))
