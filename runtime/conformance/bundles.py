"""Bundles in memory: their graphs, golden vectors and manifests."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
import tiny
from case import Files
from graphs import OPSETS, Array
from onnx import ModelProto
from tiny import MODEL

from edgeattn_runtime.bundle.golden import GoldenVectors, Sample, write_golden
from edgeattn_runtime.bundle.manifest import MANIFEST_FILE, FileEntry, Golden, Manifest
from edgeattn_runtime.bundle.rows import Padding, Rows
from edgeattn_runtime.bundle.variant import Engine, Variant
from edgeattn_runtime.engine.release import release
from edgeattn_runtime.graph import Graph, Symbol, symbols_of

TABLE: Mapping[str, list[dict[str, Any]]] = json.loads(
    Path(__file__).with_name("bundles.json").read_text("utf-8")
)  # rows of bundles, by what they have in common

SAMPLES = 4
TOLERANCE = 0.1  # of each output; int8 rounds to half of it
GOLDEN_FILE = "golden.safetensors"
MODEL_FILE = "model.onnx"
WEB = "web"  # a target, and the folder of graphs that it cannot share

SYMBOLS = {"batch": Symbol(1, None), "sequence": Symbol(1, tiny.LONGEST)}
ROWS = Rows("batch", Padding("mask", masked_out=0))

ENGINES = {OPSETS[""]: "1.21", 23: "1.23"}  # the oldest onnxruntime for graphs of an opset
ENGINE = Engine(
    name="onnxruntime", version=ENGINES[OPSETS[""]], providers=("CPUExecutionProvider",), options={}
)
CPU = Variant(
    target="cpu",
    engine=ENGINE,
    files={"model": MODEL_FILE},
    sizes={},
    tolerance={},  # as the graphs have outputs, see described
    scores={},
    verdict="pass",
    measured=None,
)


def onnx(model: ir.Model) -> bytes:
    """Return an ONNX file, in which weights' files are named and left alone."""
    return bytes(ir.serde.serialize_model(model).SerializeToString(deterministic=True))


def golden_vectors(
    samples: Iterable[Sample], graph: Graph = MODEL, spreads: Mapping[str, Array] | None = None
) -> bytes:
    """Return a file of golden vectors; where spreads are 1, errors are of the numbers themselves."""
    if spreads is None:
        spreads = {tensor.name: np.ones(tensor.channel_dims, np.float32) for tensor in graph.outputs}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / GOLDEN_FILE
        write_golden(path, GoldenVectors(tuple(samples), spreads))
        return path.read_bytes()


def whole(
    model: ir.Model,
    graph: Graph,
    samples: Iterable[Sample],
    *,
    files: Files | None = None,
    spreads: Mapping[str, Array] | None = None,
    **manifest: Any,
) -> Files:
    """Return a bundle of one graph, with files besides.

    Symbols of its inputs have any size where the manifest's ``symbols`` do not bound them.
    """
    own = {MODEL_FILE: onnx(model), GOLDEN_FILE: golden_vectors(samples, graph, spreads)}
    symbols = dict.fromkeys(symbols_of(graph.inputs), Symbol(1, None))
    described_by = {"graphs": {"model": graph}, "symbols": symbols, **manifest}
    return described({**(files or {}), **own}, **described_by)


def described(
    files: Files,
    *,
    graphs: Mapping[str, Graph] | None = None,
    symbols: Mapping[str, Symbol] = SYMBOLS,
    variants: tuple[Variant, ...] = (CPU,),
    **optional: Any,
) -> Files:
    """Return files with a manifest: the size and sha256 of each, and engines new enough for the graphs."""
    graphs = graphs or {"model": MODEL}
    tolerance = {tensor.name: TOLERANCE for tensor in graphs["model"].outputs}
    listed = {name: data for name, data in sorted(files.items()) if name != MANIFEST_FILE}
    manifest = Manifest(
        name="tiny",
        graphs=graphs,
        symbols=symbols,
        variants=tuple(each for variant in variants for each in _both(variant, listed, tolerance)),
        files={name: FileEntry(hashlib.sha256(data).hexdigest(), len(data)) for name, data in listed.items()},
        golden=Golden(GOLDEN_FILE, SAMPLES) if GOLDEN_FILE in files else None,
        budget={"cosine": 0.98},
        provenance={"opset": max(_opset(data) for name, data in listed.items() if name.endswith(".onnx"))},
        **optional,
    )
    return {**listed, MANIFEST_FILE: manifest.to_json().encode()}


def _both(variant: Variant, files: Files, tolerance: Mapping[str, float]) -> Iterator[Variant]:
    """Yield a variant, and the same for onnxruntime-web of what is for onnxruntime."""
    variant = replace(variant, tolerance=variant.tolerance or tolerance)
    if variant.engine.name != ENGINE.name:
        yield variant
        return
    opset = max(_opset(files[file]) for file in variant.files.values())
    engine = replace(variant.engine, version=max(variant.engine.version, ENGINES[opset], key=release))
    yield replace(variant, engine=engine)
    providers = tuple("wasm" if name in ENGINE.providers else name for name in engine.providers)
    engine = replace(engine, name="onnxruntime-web", providers=providers)
    own = {graph: f"{WEB}/{file}" for graph, file in variant.files.items()}
    paths = {graph: own[graph] if own[graph] in files else file for graph, file in variant.files.items()}
    yield replace(variant, target=WEB, engine=engine, files=paths)


def _opset(graph: bytes) -> int:
    """Return the opset of ONNX that a graph's file imports."""
    return next(each.version for each in ModelProto.FromString(graph).opset_import if not each.domain)
