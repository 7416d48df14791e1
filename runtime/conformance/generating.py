"""The bundles that generate: a decoder, the same behind an encoder, and an exported translator."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import bundles
import captioner
import decoder
import onnx_ir as ir
import tiny

from edgeattn_runtime.bundle.generation import CacheEntry, Generation
from edgeattn_runtime.graph import Graph, Symbol, Tensor

RECORDED = Path(__file__).parent / "recorded" / "encoder-decoder"  # by tests/runtime/record_translator.py

_ENTRIES = tuple(CacheEntry(f"past_{part}_0", f"present_{part}_0") for part in decoder.PARTS)

_GENERATION = Generation(
    kind="decoder",
    decoder="model",
    tokens="tokens",
    logits="logits",
    length="past_length",
    cache=_ENTRIES,
    positions=tiny.LONGEST,
)
_DECODING = {**bundles.SYMBOLS, "capacity": Symbol(1, tiny.LONGEST)}


def decoder_alone(folder: Path) -> None:
    """Write a decoder and its golden vectors."""
    bundles.lay_graph(folder, bundles.MODEL_FILE, decoder.graph())
    bundles.lay_golden(folder, decoder.samples(), _decoder())
    bundles.describe(folder, graphs={"model": _decoder()}, symbols=_DECODING, generation=_GENERATION)


def int8_cached(folder: Path) -> None:
    """Write the same decoder with its cache in int8, and golden vectors."""
    bundles.lay_graph(folder, bundles.MODEL_FILE, decoder.graph(int8=True))
    bundles.lay_golden(folder, decoder.samples(int8=True), _decoder(int8=True))
    pasts, presents = (decoder.cache(kind, int8=True) for kind in ("past", "present"))
    entries = (CacheEntry(past, present) for (past, *_), (present, *_) in zip(pasts, presents, strict=True))
    bundles.describe(
        folder,
        graphs={"model": _decoder(int8=True)},
        symbols=_DECODING,
        generation=replace(_GENERATION, cache=tuple(entries)),
    )


def feature_encoder(folder: Path) -> None:
    """Write the same decoder behind an encoder of two sources that are no tokens."""
    summary = Tensor("seen", "float32", ("batch", 1, tiny.WIDTH))
    bundles.lay_graph(
        folder, "decoder.onnx", decoder.graph(ir.val(summary.name, ir.DataType.FLOAT, summary.dims))
    )
    bundles.save(captioner.encoder(), folder / "encoder.onnx")
    bundles.lay_golden(folder, captioner.samples(), _decoder(summary))
    features = Tensor("features", "float32", ("batch", "frames", captioner.FEATURES))
    mask = Tensor("mask", "bool", ("batch", "frames"))
    bundles.describe(
        folder,
        graphs={"model": _decoder(summary), "encoder": Graph((features, mask), (summary,))},
        symbols={**_DECODING, "frames": Symbol(1, None)},
        generation=replace(
            _GENERATION,
            kind="encoder-decoder",
            encoder="encoder",
            sources=("features", "mask"),
            carried=("seen",),
        ),
        variants=(replace(bundles.CPU, files={"model": "decoder.onnx", "encoder": "encoder.onnx"}),),
    )


def encoder_decoder(folder: Path) -> None:
    """Write the graphs that the exporter wrote, and their manifest: names, order and dims are its own."""
    shutil.copytree(RECORDED, folder, ignore=shutil.ignore_patterns("tokens.json"))
    width, heads, words, positions = 16, 2, 16, 12  # those of tests/runtime/translator.py
    carried = (
        Tensor("cross_key_0", "float32", ("batch", "sequence", width)),
        Tensor("cross_value_0", "float32", ("batch", "sequence", width)),
        Tensor("carried_0", "bool", ("batch", 1, 1, "sequence")),
    )
    pasts, presents = (_cache(kind, heads, width // heads) for kind in ("past", "present"))
    target = Tensor("target", "int64", ("batch", "sequence_2"))
    logits = Tensor("logits", "float32", ("batch", "sequence_2", words))
    graphs = {
        "model": Graph((target, Tensor("past_length", "int64", (1,)), *carried, *pasts), (logits, *presents)),
        "encoder": Graph((Tensor("source", "int64", ("batch", "sequence")),), carried),
    }
    generation = Generation(
        kind="encoder-decoder",
        decoder="model",
        encoder="encoder",
        sources=("source",),
        carried=tuple(tensor.name for tensor in carried),
        tokens="target",
        logits="logits",
        length="past_length",
        cache=_ENTRIES,
        positions=positions,
    )
    bounded = dict.fromkeys(("sequence_2", "capacity"), Symbol(1, positions))
    bundles.describe(
        folder,
        graphs=graphs,
        symbols={**dict.fromkeys(("batch", "sequence"), Symbol(1, None)), **bounded},
        generation=generation,
        variants=(replace(bundles.CPU, files={"model": "decoder.onnx", "encoder": "encoder.onnx"}),),
    )


def _decoder(*carried: Tensor, int8: bool = False) -> Graph:
    pasts, presents = (
        tuple(
            Tensor(name, dtype, ("batch", 1, "capacity", size))
            for name, dtype, size in decoder.cache(kind, int8=int8)
        )
        for kind in ("past", "present")
    )
    logits = Tensor("logits", "float32", ("batch", "sequence", tiny.WORDS))
    return Graph(
        (bundles.TOKENS, Tensor("past_length", "int64", (1,)), *carried, *pasts), (logits, *presents)
    )


def _cache(kind: str, heads: int, size: int) -> tuple[Tensor, ...]:
    dims = ("batch", heads, "capacity", size)
    return tuple(Tensor(f"{kind}_{part}_0", "float32", dims) for part in decoder.PARTS)
