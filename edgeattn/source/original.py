"""A bundle's original, captured anew to be compared with it."""

from __future__ import annotations

from dataclasses import dataclass

from edgeattn.measure.runners import FLOAT, INT8, PYTORCH, Engine, Runner
from edgeattn.measure.stepped import int8_runner
from edgeattn.progress import Progress
from edgeattn.source.eval_mode import in_eval_mode
from edgeattn.source.given import OnnxFile
from edgeattn.source.handover import Handover
from edgeattn_export.capture import Captured, capture, read_samples
from edgeattn_export.capture.from_onnx import adopt, read_npz
from edgeattn_export.graph.axes import infer_axes
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.session import session_of
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_runtime.bundle import BundleFiles
from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.manifest import Generation, Graph
from edgeattn_runtime.session import open_session


@dataclass(frozen=True, slots=True)
class Original:
    """The float capture, and the samples that judge."""

    captured: Captured
    judged: Samples


def recapture(handed: Handover | OnnxFile, files: BundleFiles, *, progress: Progress) -> Original:
    """Capture a model again, as its export did.

    Args:
        handed: The model.
        files: The bundle that was made of it.
        progress: Told of the stages.

    Raises:
        BundleError: The model is not the one that the bundle was made of: its contract is another.
    """
    original = _of_file(handed, progress) if isinstance(handed, OnnxFile) else _of_module(handed, progress)
    captured = original.captured
    graph, generation = files.manifest.graphs[files.manifest.main_graph], files.manifest.generation
    if not (_steps(captured.graph, generation) if generation else _same(captured.graph, graph)):
        raise BundleError(
            f"{files.folder}: takes {_ends(graph)}, but the model {handed.name} takes "
            f"{_ends(captured.graph)}; name the model that it was exported from"
        )
    return original


def _of_module(handed: Handover, progress: Progress) -> Original:
    in_eval_mode(handed.module)
    progress.stage("samples")
    real = read_samples(handed.module, handed.samples)
    axes = infer_axes(real, handed.dynamic)
    calibrating, judged = real.split()
    progress.stage("capture")
    return Original(capture(handed.module, calibrating, axes, ORT_CPU), judged)


def _of_file(handed: OnnxFile, progress: Progress) -> Original:
    progress.stage("samples")
    calibrating, judged = read_npz(handed.samples).split()
    progress.stage("capture")
    return Original(adopt(handed.model, calibrating, ORT_CPU), judged)


def runners_of(captured: Captured, int8: Runner, *, threads: int) -> dict[str, Runner]:
    """Return the three that are compared, by the names of ``edgeattn.measure.runners``."""
    return {
        PYTORCH: captured.reference,
        FLOAT: Engine(session_of(captured.model, threads=threads)),
        INT8: int8,
    }


def runner_of_bundle(files: BundleFiles, *, threads: int) -> Runner:
    """Return a bundle as the runner of its original, its graphs opened with ``threads`` threads."""
    graphs = files.manifest.graphs
    sessions = {name: open_session(files.path(graph.file), threads=threads) for name, graph in graphs.items()}
    return int8_runner(sessions, graphs, files.manifest.generation)


def _same(captured: Graph, graph: Graph) -> bool:
    return (captured.inputs, captured.outputs) == (graph.inputs, graph.outputs)


def _steps(captured: Graph, generation: Generation) -> bool:
    outputs = [tensor.name for tensor in captured.outputs]
    return outputs == [generation.logits] and generation.tokens in [t.name for t in captured.inputs]


def _ends(graph: Graph) -> str:
    inputs, outputs = (", ".join(map(str, tensors)) for tensors in (graph.inputs, graph.outputs))
    return f"{inputs} -> {outputs}"
