"""What a person looks at beside the figures: the worst samples, and which modules the loss comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeattn.judge.float_model import FloatModel
from edgeattn.judge.input_views import input_views, numbers, printable
from edgeattn.judge.padding import Padded
from edgeattn.judge.trace.bundle import feed_of
from edgeattn.judge.trace.inputs import pad_token, trace_inputs
from edgeattn.judge.trace.points import module_behind
from edgeattn.judge.trace.probe import TracedGraphs
from edgeattn.judge.trace.trace import trace
from edgeattn.measure.runners import THREADS, torch_threads
from edgeattn.progress import Progress
from edgeattn.results.accuracy import ModuleLoss
from edgeattn.results.trace import ModuleError
from edgeattn.results.worst_sample import WorstSample
from edgeattn.source.module import ModuleSource, Pretty
from edgeattn.source.outputs import like
from edgeattn.source.own_processing import OwnProcessing
from edgeattn.source.source import Source
from edgeattn_export.capture import Captured
from edgeattn_export.capture.reference import Reference
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.fallback import with_fallback
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_export.targets import Bucket
from edgeattn_runtime.errors import ModelError


@dataclass(frozen=True, slots=True)
class Insight:
    """Both, and why one of them is left out.

    Attributes:
        worst: The worst evaluation samples, as a person sees them.
        losses: What each module adds to the error, the worst first; empty where nobody looked.
        notes: A line each.
    """

    worst: tuple[WorstSample, ...] = ()
    losses: tuple[ModuleLoss, ...] = ()
    notes: tuple[str, ...] = ()


NO_INSIGHT = Insight()


def insight_of(
    known: FloatModel, int8: Runner, bucket: Bucket, cosines: Sequence[float], engine: Engine | None
) -> Insight:
    """Look at what was evaluated; what fails to be shown fails no export.

    Args:
        known: The model.
        int8: What was made of it.
        bucket: Its graphs, in the largest sizes that they fix.
        cosines: What it came to on each evaluation sample.
        engine: Runs the graphs in this process; None where none does, and nothing is traced.
    """
    captured, samples = known.captured, known.samples.evaluation
    worst, unseen = with_fallback(
        "the showing of the worst samples",
        lambda: worst_samples(known.source, captured, int8, samples, cosines),
        (),
    )
    if engine is None or not isinstance(captured.reference, Reference):  # an ONNX file has no modules
        return Insight(worst, (), unseen)
    padded, progress = known.comparison.padded, known.comparison.progress
    losses, untraced = with_fallback(
        "the trace of errors to modules",
        lambda: losses_of(captured, bucket, engine, samples, padded, progress),
        (),
    )
    return Insight(worst, losses, (*unseen, *untraced))


SHOWN = 3


def worst_samples(
    source: Source, captured: Captured, int8: Runner, samples: Samples, cosines: Sequence[float]
) -> tuple[WorstSample, ...]:
    """Return the worst samples, the worst first.

    Args:
        source: The model, which may say how its answers are shown.
        captured: Its original and its contract.
        int8: What was made of it.
        samples: The evaluation samples.
        cosines: What int8 came to on each of them.

    Raises:
        ModelError: The model's own ``pretty`` failed, or the model itself.
    """
    every = [sample.inputs for sample in samples]
    ranked = sorted(zip(cosines, range(len(samples)), strict=True))[:SHOWN]
    found = []
    for cosine, i in ranked:
        original, bundle = _both(source, captured, int8, samples[i])
        inputs = input_views(captured.graph, source.processing, samples[i].inputs, every)
        found.append(WorstSample(samples[i].number, cosine, inputs, printable(original), printable(bundle)))
    return tuple(found)


def _both(source: Source, captured: Captured, int8: Runner, sample: Sample) -> tuple[str, str]:
    reference, answers = captured.reference, int8(sample.inputs)
    pretty = source.pretty if isinstance(source, ModuleSource) else None
    if pretty is None or not isinstance(reference, Reference):
        known = source.processing
        return answer_text(reference(sample.inputs), known), answer_text(answers, known)
    original = reference.bind(sample.inputs)()
    passed = {name: sample.inputs[given] for name, given in reference.passed.items()}
    return pretty_text("pretty", pretty, original), pretty_text(
        "pretty", pretty, like(original, {**passed, **answers})
    )


LABELS = 3  # that are named


def pretty_text(name: str, show: Pretty, outputs: object) -> str:
    """Return what a model's ``pretty``, or another function of such a name, makes of its outputs.

    Raises:
        ModelError: It failed.
    """
    try:
        return str(show(outputs))
    except Exception as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"{name}(outputs) failed: {type(error).__name__}: {reason}") from error


def answer_text(outputs: Mapping[str, NDArray[np.generic]], own: OwnProcessing | None) -> str:
    """Return the likeliest labels of a first row, or the first numbers of the first output."""
    labels = None if own is None else own.processing.labels
    if labels is not None and labels.output in outputs:
        first, *_ = labels.read({labels.output: outputs[labels.output][:1]})
        return printable(", ".join(f"{label.name} {label.value:.3g}" for label in first[:LABELS]))
    name, array = next(iter(outputs.items()))
    return f"{name}: {numbers(array)}"


FEW = 8  # samples: the rank of a module's error settles soon


def losses_of(
    captured: Captured, bucket: Bucket, engine: Engine, samples: Samples, padded: Padded, progress: Progress
) -> tuple[ModuleLoss, ...]:
    """Return the errors of each module, the worst first.

    Args:
        captured: The original and the float graph.
        bucket: The graphs, in the sizes that they fix.
        engine: Runs them in this process.
        samples: The evaluation samples.
        padded: How padding is told.
        progress: Told before each input.

    Raises:
        EdgeAttnError: As ``trace`` does.
    """
    parts = bucket.parts
    contracts = {name: part.graph for name, part in parts.graphs.items()}
    names = tuple(reversed(tuple(parts.graphs)))  # an encoder's outputs go to its decoder
    models = tuple(parts.graphs[name].quantized.model for name in names)
    graphs = TracedGraphs(models, engine, feed_of(parts.generation, contracts))
    pad = pad_token(module_behind(captured).module)
    inputs = list(trace_inputs(samples, padded, captured.axes, bucket.sizes, pad, most=FEW))
    with torch_threads(THREADS):
        return tuple(map(_loss, trace(captured, graphs, inputs, progress).modules))


def _loss(error: ModuleError) -> ModuleLoss:
    int8 = error.in_int8
    return ModuleLoss(
        module=error.module,
        introduced=None if int8 is None else int8.introduced,
        accumulated=None if int8 is None else int8.accumulated,
        in_float=error.in_float.introduced,
        wrong=bool(error.faults),
    )
