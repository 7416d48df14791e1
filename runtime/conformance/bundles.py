"""Bundles in memory: their graphs, golden vectors and manifests."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
import tiny
from case import Files
from graphs import OPSETS, Array, Recorder
from onnx.reference import ReferenceEvaluator
from tiny import MODEL

from edgeattn_runtime.bundle.golden import GoldenVectors, Sample, write_golden
from edgeattn_runtime.bundle.manifest import MANIFEST_FILE, FileEntry, Golden, Manifest
from edgeattn_runtime.bundle.rows import Padding, Rows
from edgeattn_runtime.bundle.variant import Engine, Variant
from edgeattn_runtime.graph import Graph, Symbol, Tensor
from edgeattn_runtime.processing import Processing

SAMPLES = 4
TOLERANCE = 0.1  # of each output; int8 rounds to half of it
GOLDEN_FILE = "golden.safetensors"
MODEL_FILE = "model.onnx"
WEB = "web"  # a target, and the folder of graphs that it cannot share

SYMBOLS = {"batch": Symbol(1, None), "sequence": Symbol(1, tiny.LONGEST)}
ROWS = Rows("batch", Padding("mask", masked_out=0))

ENGINE = Engine(name="onnxruntime", version="1.23", providers=("CPUExecutionProvider",), options={})
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
    dims = dict.fromkeys(dim for tensor in graph.inputs for dim in tensor.dims if isinstance(dim, str))
    own = {MODEL_FILE: onnx(model), GOLDEN_FILE: golden_vectors(samples, graph, spreads)}
    described_by = {"graphs": {"model": graph}, "symbols": {dim: Symbol(1, None) for dim in dims}, **manifest}
    return described({**(files or {}), **own}, **described_by)


def exact(
    net: Recorder,
    draw: Callable[[Sequence[int]], Array],
    *,
    longer: int = 2,
    **manifest: Any,
) -> Files:
    """Return a bundle of exact operators, whose golden vectors ONNX's own evaluation computes.

    Args:
        net: The operators.
        draw: Draws an input of these dims.
        longer: By how much every symbol is larger than the batch, which is 1 to SAMPLES.
        manifest: And ``files``.
    """
    model, inputs = net.model(), []
    for batch in range(1, SAMPLES + 1):
        sizes = {"batch": batch}
        inputs.append(
            {
                each.name: draw(
                    [dim if isinstance(dim, int) else sizes.get(dim, batch + longer) for dim in each.dims]
                ).astype(each.dtype)
                for each in net.graph.inputs
            }
        )
    return whole(model, net.graph, evaluated(model, inputs), **manifest)


def adding(inputs: tuple[Tensor, ...], processing: Processing, **manifest: Any) -> Files:
    """Return a bundle that adds up each row of its inputs' product."""
    graph, draw = Graph(inputs, (Tensor("total", "float32", ("batch", 1)),)), np.random.default_rng(4)
    net = Recorder(graph)
    product, *others = net.inputs
    for other in others:
        product = net.Mul(product, other)
    net.ReduceSum(net.Flatten(net.Cast(product, to=1), axis=1), [1], keepdims=1, output=net.outputs[0])
    return exact(net, lambda dims: draw.integers(0, 9, dims), processing=processing, **manifest)


def echoed(graph: Graph, processing: Processing) -> Files:
    """Return a bundle that gives back its last inputs, in float32, as its outputs."""
    net, draw = Recorder(graph), np.random.default_rng(8)
    for value, output in zip(net.inputs[-len(net.outputs) :], net.outputs, strict=True):
        net.Identity(value, output=output)
    return exact(net, lambda dims: draw.normal(size=dims), longer=1, processing=processing)


def evaluated(model: ir.Model, inputs: Iterable[Mapping[str, Array]]) -> Iterator[Sample]:
    """Yield golden vectors by ONNX's own evaluation of a graph of exact operators."""
    reference = ReferenceEvaluator(ir.serde.serialize_model(model))
    for each in inputs:
        yield Sample(each, dict(zip(reference.output_names, reference.run(None, dict(each)), strict=True)))


def described(
    files: Files,
    *,
    graphs: Mapping[str, Graph] | None = None,
    symbols: Mapping[str, Symbol] = SYMBOLS,
    variants: tuple[Variant, ...] = (CPU,),
    **optional: Any,
) -> Files:
    """Return files with a manifest that has the size and sha256 of each."""
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
        provenance={"opset": OPSETS[""]},
        **optional,
    )
    return {**listed, MANIFEST_FILE: manifest.to_json().encode()}


def _both(variant: Variant, files: Files, tolerance: Mapping[str, float]) -> Iterator[Variant]:
    """Yield a variant, and the same for onnxruntime-web of what is for onnxruntime."""
    variant = replace(variant, tolerance=variant.tolerance or tolerance)
    yield variant
    if variant.engine.name == ENGINE.name:
        providers = tuple("wasm" if name in ENGINE.providers else name for name in variant.engine.providers)
        engine = replace(variant.engine, name="onnxruntime-web", providers=providers)
        own = {graph: f"{WEB}/{file}" for graph, file in variant.files.items()}
        paths = {graph: own[graph] if own[graph] in files else file for graph, file in variant.files.items()}
        yield replace(variant, target=WEB, engine=engine, files=paths)
