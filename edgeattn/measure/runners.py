"""The original, the float export and the int8 model as runners, told apart by nothing but their names."""

from __future__ import annotations

import onnxruntime

from edgeattn.measure.latencies import FLOAT, INT8, PYTORCH
from edgeattn_export.cache.stepping import StepRunner
from edgeattn_export.capture import Captured
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.runner import Runner, SessionRunner
from edgeattn_export.quantize.parts import Parts
from edgeattn_runtime.bundle import BundleFiles
from edgeattn_runtime.graph_session import GraphSession
from edgeattn_runtime.manifest import Variant
from edgeattn_runtime.session import open_session


def runners_of(captured: Captured, int8: Runner, *, threads: int) -> dict[str, Runner]:
    """Return the three that are compared, by their names."""
    float_runner = captured.engine.runner(captured.model, threads=threads)
    return {PYTORCH: captured.reference, FLOAT: float_runner, INT8: int8}


def runner_of_parts(parts: Parts, engine: Engine, *, threads: int) -> Runner:
    """Return graphs that are not on disk as one runner of the model that they were made of."""
    sessions = {
        name: engine.open(part.quantized.model, threads=threads) for name, part in parts.graphs.items()
    }
    if parts.generation is None:
        return SessionRunner(*sessions.values())
    graphs = {name: GraphSession(parts.graphs[name].graph, session) for name, session in sessions.items()}
    return StepRunner(graphs, parts.generation)


def runner_of_bundle(files: BundleFiles, variant: Variant, *, threads: int) -> Runner:
    """Return a bundle's variant as one runner of its original."""
    manifest = files.manifest
    sessions = {name: _opened(files, variant, name, threads) for name in variant.files}
    if manifest.generation is None:
        return SessionRunner(*sessions.values())
    graphs = {name: GraphSession(manifest.graphs[name], session) for name, session in sessions.items()}
    return StepRunner(graphs, manifest.generation)


def runner_of_main_graph(files: BundleFiles, variant: Variant, *, threads: int) -> Runner:
    """Return the main graph of a bundle's variant, which of a decoder takes its cache as it is."""
    return SessionRunner(_opened(files, variant, files.manifest.main_graph, threads))


def _opened(files: BundleFiles, variant: Variant, graph: str, threads: int) -> onnxruntime.InferenceSession:
    engine = variant.engine
    return open_session(
        files.path(variant.files[graph]), providers=engine.providers, options=engine.options, threads=threads
    )
