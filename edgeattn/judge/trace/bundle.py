"""A bundle on disk, traced module by module."""

from __future__ import annotations

from collections.abc import Mapping

import onnx_ir as ir

from edgeattn.judge.padding import Padded
from edgeattn.judge.trace import trace
from edgeattn.judge.trace.inputs import pad_token, trace_inputs
from edgeattn.judge.trace.points import module_behind
from edgeattn.judge.trace.probe import Feed, TracedGraphs
from edgeattn.measure.runners import THREADS, torch_threads
from edgeattn.measure.variants import engine_of, measurable
from edgeattn.progress import Progress
from edgeattn.results.trace import BundleTrace
from edgeattn.source.original import recapture
from edgeattn.source.source import Source
from edgeattn_export.graph.samples import Inputs
from edgeattn_runtime.bundle.folder import BundleFiles
from edgeattn_runtime.bundle.generation import Generation
from edgeattn_runtime.bundle.manifest import Variant
from edgeattn_runtime.engine.kv_cache import fresh_cache, past_tensors
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.graph import Graph

_SUFFIX = ".onnx"


def trace_bundle(files: BundleFiles, source: Source, *, progress: Progress) -> BundleTrace:
    """Trace the variant that the bundle prefers among those that can be run here, in its largest sizes.

    Raises:
        BundleError: The bundle is not of this model.
        BadInput: The model is an ONNX file, or cannot be captured; or the variant is none.
        IncompatibleRuntimeError: No variant can be run here.
    """
    preferred, *others = measurable(files.manifest)
    variant = [preferred, *(it for it in others if it.target == preferred.target)][-1]
    graphs = graphs_of(files, variant)
    original = recapture(source, files, variant, progress=progress)
    captured, samples = original.captured, original.samples
    progress.stage("trace")
    padded, pad = Padded.of(captured, samples.selection), pad_token(module_behind(captured).module)
    inputs = list(trace_inputs(samples.evaluation, padded, captured.axes, variant.sizes, pad))
    with torch_threads(THREADS):
        return BundleTrace(variant.target, trace(captured, graphs, inputs, progress))


def graphs_of(files: BundleFiles, variant: Variant) -> TracedGraphs:
    """Read a variant's graphs.

    Raises:
        BadInput: It is written in another format than ONNX, which shows nothing of its inside.
    """
    manifest, generation = files.manifest, files.manifest.generation
    for file in variant.files.values():
        if not file.endswith(_SUFFIX):
            raise BadInput(
                f"{files.path(file)}: a graph in ONNX expected, as no other format shows its inside; trace a "
                "bundle for a target such as cpu"
            )
    engine = engine_of(variant)
    if generation is None:
        return TracedGraphs((_loaded(files, variant.files[manifest.main_graph]),), engine)
    names = [name for name in (generation.encoder, generation.decoder) if name is not None]
    models = tuple(_loaded(files, variant.files[name]) for name in names)
    return TracedGraphs(models, engine, feed_of(generation, manifest.graphs))


def feed_of(generation: Generation | None, graphs: Mapping[str, Graph]) -> Feed:
    """Return what makes a model's inputs those of its graphs: with an empty cache where it steps."""
    if generation is None:
        return dict
    pasts = past_tensors(generation, graphs[generation.decoder])

    def feed(inputs: Inputs) -> Inputs:
        tokens = inputs[generation.tokens].astype("int64", copy=False)
        batch, sequence = tokens.shape
        cache = fresh_cache(generation, pasts, batch=batch, sequence=sequence)
        return {**inputs, generation.tokens: tokens, **cache}

    return feed


def _loaded(files: BundleFiles, file: str) -> ir.Model:
    model = ir.load(files.path(file))
    ir.external_data.load_to_model(model)
    return model
