"""The bundles of the int8 network."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import Any

import kernel_nodes
import onnx_ir as ir
import signing
import tiny
from bundles import CPU, ENGINE, GOLDEN_FILE, MODEL_FILE, ROWS, WEB, described, golden_vectors, onnx
from case import Files
from tiny import LENGTHS, LOOKUP, MASK, MODEL, TOKENS

from edgeattn_runtime.bundle.engine_options import KERNELS_OPTION
from edgeattn_runtime.bundle.files import SIGNATURE_FILE, Signature
from edgeattn_runtime.bundle.golden import Sample
from edgeattn_runtime.bundle.manifest import MANIFEST_FILE
from edgeattn_runtime.bundle.rows import Stack
from edgeattn_runtime.bundle.session_settings import SessionSettings
from edgeattn_runtime.engine.kernels import DOMAIN_VERSION
from edgeattn_runtime.processing import Labels, Processing, Text

KEYS = (signing.public_key(), "5a" * 32)  # the one that signs, and another


@cache
def good() -> Files:
    """Return a bundle of one graph."""
    return network(tiny.network())


def network(model: ir.Model, samples: Iterable[Sample] | None = None, **manifest: Any) -> Files:
    """Return a bundle of the int8 network, its golden vectors those of the float one."""
    golden = golden_vectors(tiny.samples() if samples is None else samples)
    return described({MODEL_FILE: onnx(model), GOLDEN_FILE: golden}, **manifest)


def long_named() -> Files:
    """Return a graph whose lookup has a name of 40,000 characters, which the engine's errors repeat."""
    model = tiny.network()
    lookup = next(node for node in model.graph if node.op_type == "Gather")
    lookup.name = "lookup" + 39_994 * "_"
    return network(model)


def indexed() -> Files:
    """Return a manifest with how many rows the table has that the tokens are indices into."""
    tokens = replace(TOKENS, table_rows=tiny.WORDS)
    return described(good(), graphs={"model": replace(MODEL, inputs=(tokens, MASK))})


def padded() -> Files:
    """Return lengths of the sequences, the longest of which fills its axis."""
    graphs = {"model": replace(MODEL, inputs=(TOKENS, LENGTHS))}
    return network(tiny.of_lengths(), tiny.padded_samples(), graphs=graphs, rows=replace(ROWS, padding=None))


def several(table: str = "weights/lookup.bin", web_table: str = "lookup.onnx.data") -> Files:
    """Return two graphs, one of which keeps its weights in a file of their own.

    Args:
        table: Where the second graph has them.
        web_table: And where its twin for browsers has them.
    """
    weights = tiny.weights()["table"].tobytes()
    files = {
        **good(),
        "weights/lookup.bin": weights,
        "lookup.onnx": onnx(tiny.lookup(table)),
        f"{WEB}/lookup.onnx.data": weights,
        f"{WEB}/lookup.onnx": onnx(tiny.lookup(web_table)),
    }
    variant = replace(CPU, files={"model": MODEL_FILE, "lookup": "lookup.onnx"})
    return described(files, graphs={"model": MODEL, "lookup": LOOKUP}, variants=(variant,))


def tuned() -> Files:
    """Return what was measured of a variant, and the rows that it was measured on."""
    options = {"session.dynamic_block_base": 4, "session.set_denormal_as_zero": False}
    variant = replace(
        CPU,
        engine=replace(ENGINE, options=options),
        session=SessionSettings(threads=2, spinning=False, arena=False, memory_pattern=True),
        stacks=(Stack({"sequence": 4}, rows=3),),
        scores={"cosine": 0.999},
        measured="a machine of the past, 2 cores; onnxruntime 1.23.0",
    )
    return described(good(), rows=ROWS, variants=(variant,))


def preferred() -> Files:
    """Return a bundle whose first variants are for an engine, a version and a provider that nobody has."""
    other = replace(ENGINE, name="unheard-of", version="1", options={"precision": "fp16", "fast": True})
    newer = replace(ENGINE, version="99.0")
    elsewhere = replace(ENGINE, providers=("UnheardOfExecutionProvider", *ENGINE.providers))
    engines = {"npu": other, "future": newer, "gpu": elsewhere}
    variants = [replace(CPU, target=target, engine=engine) for target, engine in engines.items()]
    return described(good(), variants=(*variants, CPU))


def buckets() -> Files:
    """Return graphs of two fixed shapes, and one for all others; rows may be padded up to them."""
    graphs = {"short.onnx": onnx(tiny.network(1, 4)), "long.onnx": onnx(tiny.network(2, 8))}
    short = replace(CPU, files={"model": "short.onnx"}, sizes={"batch": 1, "sequence": 4})
    long = replace(CPU, files={"model": "long.onnx"}, sizes={"batch": 2, "sequence": 8})
    return described({**good(), **graphs}, rows=ROWS, variants=(short, long, CPU))


def with_kernels(model: ir.Model) -> Files:
    """Return a graph whose products are nodes of the domain edgeattn, and a manifest with their version."""
    engine = replace(ENGINE, version=kernel_nodes.ENGINE_VERSION, options={KERNELS_OPTION: DOMAIN_VERSION})
    return network(model, variants=(replace(CPU, engine=engine),))


def fixed() -> Files:
    """Return a graph of one length alone, whose rows are not known to be independent."""
    samples = tiny.samples([(1, 4), (2, 4), (3, 4), (1, 4)])
    return network(tiny.network(sequence=4), samples, variants=(replace(CPU, sizes={"sequence": 4}),))


def with_tokenizer(**parts: Any) -> Files:
    """Return a bundle of texts and labels, with the tokenizer that it needs.

    Args:
        parts: Of tokenizer.json, in the place of what it has.
    """
    words = ["[UNK]", *("a", "the", "cat", "dog", "mat", "sat", "ran", "is", "on", "in", "and", "big", "red")]
    vocabulary = {word: i for i, word in enumerate(words)}
    tokenizer = {
        "version": "1.0",
        **dict.fromkeys(("truncation", "padding", "post_processor", "decoder")),
        "added_tokens": [],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": words[0]},
        **parts,
    }
    text = Text(tokenizer="tokenizer.json", ids="tokens", mask="mask", types=None, longest=tiny.LONGEST)
    labels = Labels(output="embedding", names=tuple(f"axis {i}" for i in range(tiny.WIDTH)))
    files = {**good(), "tokenizer.json": (json.dumps(tokenizer) + "\n").encode()}
    return described(files, processing=Processing(text=text, labels=labels))


def signed() -> Files:
    """Return a manifest and its signature."""
    files = described(good(), signature=Signature("ed25519", signing.public_key()))
    return {**files, SIGNATURE_FILE: signing.sign(files[MANIFEST_FILE])}
