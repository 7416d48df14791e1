"""The bundles that generate: a decoder, the same behind an encoder, and an exported translator."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import captioner
import decoder
import tiny
from bundles import CPU, GOLDEN_FILE, SYMBOLS, described, golden_vectors, onnx, whole
from case import Files

from edgeattn_runtime.bundle.generation import CacheEntry, Generation
from edgeattn_runtime.graph import Graph, Symbol, Tensor

RECORDED = Path(__file__).parent / "recorded" / "encoder-decoder"  # by tests/runtime/record_translator.py

_CACHE = tuple(CacheEntry(f"past_{part}_0", f"present_{part}_0") for part in decoder.PARTS)
_GENERATION = Generation(
    kind="decoder",
    decoder="model",
    tokens="tokens",
    logits="logits",
    length="past_length",
    cache=_CACHE,
    positions=tiny.LONGEST,
)
_SYMBOLS = {**SYMBOLS, "capacity": Symbol(1, tiny.LONGEST)}
_BEHIND_ENCODER = (replace(CPU, files={"model": "decoder.onnx", "encoder": "encoder.onnx"}),)


def decoder_alone(*, int8: bool = False) -> Files:
    """Return a decoder, its cache in int8 or in float32."""
    graph = decoder.contract(int8=int8)
    pasts, presents = (decoder.cache(kind, int8=int8) for kind in ("past", "present"))
    entries = tuple(
        CacheEntry(past.name, present.name) for past, present in zip(pasts, presents, strict=True)
    )
    return whole(
        decoder.graph(int8=int8),
        graph,
        decoder.samples(int8=int8),
        symbols=_SYMBOLS,
        generation=replace(_GENERATION, cache=entries),
    )


def feature_encoder() -> Files:
    """Return the same decoder behind an encoder of two sources that are no tokens."""
    graph = decoder.contract(captioner.SEEN)
    files = {
        "decoder.onnx": onnx(decoder.graph(captioner.SEEN)),
        "encoder.onnx": onnx(captioner.encoder()),
        GOLDEN_FILE: golden_vectors(captioner.samples(), graph),
    }
    sources = tuple(tensor.name for tensor in captioner.SOURCES)
    kind = {"kind": "encoder-decoder", "encoder": "encoder", "sources": sources, "carried": ("seen",)}
    return described(
        files,
        graphs={"model": graph, "encoder": captioner.ENCODER},
        symbols={**_SYMBOLS, "frames": Symbol(1, None)},
        generation=replace(_GENERATION, **kind),
        variants=_BEHIND_ENCODER,
    )


def encoder_decoder() -> Files:
    """Return the graphs that the exporter wrote, and their manifest: names, order and dims are its own."""
    width, heads, words, positions = 16, 2, 16, 12  # those of tests/runtime/translator.py
    carried = (
        Tensor("cross_key_0", "float32", ("batch", "sequence", width)),
        Tensor("cross_value_0", "float32", ("batch", "sequence", width)),
        Tensor("carried_0", "bool", ("batch", 1, 1, "sequence")),
    )
    pasts, presents = (decoder.cache(kind, heads=heads, size=width // heads) for kind in ("past", "present"))
    target = Tensor("target", "int64", ("batch", "sequence_2"))
    logits = Tensor("logits", "float32", ("batch", "sequence_2", words))
    graphs = {
        "model": Graph((target, Tensor("past_length", "int64", (1,)), *carried, *pasts), (logits, *presents)),
        "encoder": Graph((Tensor("source", "int64", ("batch", "sequence")),), carried),
    }
    generation = replace(
        _GENERATION,
        kind="encoder-decoder",
        encoder="encoder",
        sources=("source",),
        carried=tuple(tensor.name for tensor in carried),
        tokens="target",
        positions=positions,
    )
    bounded = dict.fromkeys(("sequence_2", "capacity"), Symbol(1, positions))
    files = ("decoder.onnx", "encoder.onnx", GOLDEN_FILE)
    return described(
        {name: (RECORDED / name).read_bytes() for name in files},
        graphs=graphs,
        symbols={**dict.fromkeys(("batch", "sequence"), Symbol(1, None)), **bounded},
        generation=generation,
        variants=_BEHIND_ENCODER,
    )
