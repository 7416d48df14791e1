"""A bundle on disk, traced module by module."""

from __future__ import annotations

from dataclasses import dataclass

from edgeattn.judge.padding import Padded
from edgeattn.judge.trace.points import module_behind
from edgeattn.judge.trace.trace import Trace, trace
from edgeattn.judge.trace.trials import pad_token, trials
from edgeattn.judge.trace.variant import graphs_of
from edgeattn.measure.threads import THREADS, torch_threads
from edgeattn.measure.variants import measurable
from edgeattn.progress import Progress
from edgeattn.source.original import recapture
from edgeattn.source.source import Source
from edgeattn_runtime.bundle import BundleFiles


@dataclass(frozen=True, slots=True)
class Traced:
    """What a bundle's trace found, and in which of its targets."""

    target: str
    trace: Trace


def trace_bundle(files: BundleFiles, source: Source, *, progress: Progress) -> Traced:
    """Trace the variant that the bundle prefers among those that can be run here, in its largest sizes.

    Args:
        files: The bundle.
        source: The model that it was made of.
        progress: Told of the stages.

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
    inputs = list(trials(samples.evaluation, padded, captured.axes, variant.sizes, pad))
    with torch_threads(THREADS):
        return Traced(variant.target, trace(captured, graphs, inputs, progress))
