"""A bundle's original, captured anew to be compared with it."""

from __future__ import annotations

from dataclasses import dataclass

from edgeattn.progress import Progress
from edgeattn.source.source import Source
from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import SampleSplit
from edgeattn_export.targets import TARGETS, target_of
from edgeattn_runtime.bundle.folder import BundleFiles
from edgeattn_runtime.bundle.manifest import Generation, Graph, Variant
from edgeattn_runtime.errors import BundleError


@dataclass(frozen=True, slots=True)
class Original:
    """The float capture, and the parts of its samples."""

    captured: Captured
    samples: SampleSplit


def recapture(source: Source, files: BundleFiles, variant: Variant, *, progress: Progress) -> Original:
    """Capture a model again, as its export did.

    Raises:
        BundleError: The model is not the one that the bundle was made of: its contract is another; or the
            bundle is for a target that this release does not have.
    """
    target = target_of(variant.target)
    if target is None:
        raise BundleError(
            f"{files.folder}: target {variant.target!r} found, one of {', '.join(TARGETS)} expected; upgrade"
        )
    progress.stage("samples")
    samples = source.read()
    progress.stage("capture")
    captured = source.capture(samples, target.prover)
    graph, generation = files.manifest.graphs[files.manifest.main_graph], files.manifest.generation
    expected, actual = _signature(graph), _signature(captured.graph)
    if not (_is_step(captured.graph, generation) if generation else expected == actual):
        raise BundleError(
            f"{files.folder}: takes {expected}, but the model {source.name} takes {actual}; name the model "
            "that it was exported from"
        )
    return Original(captured, samples.split())


def _is_step(captured: Graph, generation: Generation) -> bool:
    outputs = [tensor.name for tensor in captured.outputs]
    return outputs == [generation.logits] and generation.tokens in [t.name for t in captured.inputs]


def _signature(graph: Graph) -> str:
    inputs, outputs = (", ".join(map(str, tensors)) for tensors in (graph.inputs, graph.outputs))
    return f"{inputs} -> {outputs}"
