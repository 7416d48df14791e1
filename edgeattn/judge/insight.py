"""What a person looks at next: worst samples, attention maps, and modules that lose most."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeattn.judge.evaluation import Evaluation
from edgeattn.judge.input_views import input_views, numbers, printable
from edgeattn.judge.models import FloatModel, Int8Model
from edgeattn.judge.output_metrics.attention import total_variation
from edgeattn.judge.trace import trace
from edgeattn.judge.trace.bundle import feed_of
from edgeattn.judge.trace.inputs import pad_token, trace_inputs
from edgeattn.judge.trace.points import module_behind
from edgeattn.judge.trace.probe import TracedGraphs
from edgeattn.measure.runners import THREADS, torch_threads
from edgeattn.progress import Progress
from edgeattn.results.accuracy import ModuleLoss
from edgeattn.results.attention import AttentionMap
from edgeattn.results.trace import ModuleError
from edgeattn.results.worst_sample import WorstSample
from edgeattn.source.module import ModuleSource, Pretty
from edgeattn.source.outputs import refilled
from edgeattn.source.own_processing import OwnProcessing
from edgeattn_export.capture.original.reference import Reference
from edgeattn_export.graph.fallback import with_fallback
from edgeattn_export.graph.output_kinds import Outputs
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs, Sample, Samples, stratified
from edgeattn_export.recover.attention_maps import attention_maps
from edgeattn_runtime.errors import ModelError

SHOWN_SAMPLES = 3  # worst samples
SHOWN_LABELS = 3  # that are named
TRACED_SAMPLES = 8  # samples: the rank of a module's error settles soon
MOST_SAMPLES = 32  # samples that are answered once more for it


@dataclass(frozen=True, slots=True)
class Insight:
    """All of it, and why a part of it is left out.

    Attributes:
        losses: What each module adds to the error, the worst first; empty where nobody looked.
    """

    worst: tuple[WorstSample, ...]
    losses: tuple[ModuleLoss, ...]
    notes: tuple[str, ...]
    attention_maps: tuple[AttentionMap, ...] = ()


def insight_of(model: Int8Model, evaluation: Evaluation, progress: Progress) -> Insight:
    """Look at what was evaluated; what fails to be shown fails no export."""
    worst, worst_notes = with_fallback(
        "the showing of the worst samples", lambda: worst_samples(model.float_model, evaluation), ()
    )
    maps, map_notes = with_fallback(
        "the comparison of attention maps", lambda: mapped_attention(model.float_model, evaluation), ()
    )
    request, reference = model.request, model.float_model.captured.reference
    # An ONNX file has no modules, and a draft does not look for the one that loses most.
    if request.objective.draft or not request.is_in_process or not isinstance(reference, Reference):
        return Insight(worst, (), (*worst_notes, *map_notes), maps)
    losses, loss_notes = with_fallback(
        "the trace of errors to modules", lambda: module_losses(model, evaluation.samples, progress), ()
    )
    return Insight(worst, losses, (*worst_notes, *map_notes, *loss_notes), maps)


def worst_samples(model: FloatModel, evaluation: Evaluation) -> tuple[WorstSample, ...]:
    """Return the worst samples, the worst first.

    Raises:
        ModelError: The model's own ``pretty`` failed, or the model itself.
    """
    samples, processing = evaluation.samples, model.source.processing
    every = [sample.inputs for sample in samples]
    ranked = sorted(zip(evaluation.scores.errors, range(len(samples)), strict=True), reverse=True)
    worst = []
    for error, i in ranked[:SHOWN_SAMPLES]:
        original, bundle = _answer_texts(model, evaluation.int8, samples[i])
        inputs = input_views(model.captured.graph, processing, samples[i].inputs, every)
        worst.append(
            WorstSample(
                samples[i].number, math.sqrt(max(error, 0.0)), inputs, printable(original), printable(bundle)
            )
        )
    return tuple(worst)


def _answer_texts(model: FloatModel, int8: Runner, sample: Sample) -> tuple[str, str]:
    """Return what the original and int8 say to a sample, in words."""
    source, reference, answers = model.source, model.captured.reference, int8(sample.inputs)
    pretty = source.pretty if isinstance(source, ModuleSource) else None
    if pretty is None or not isinstance(reference, Reference):
        both = (reference(sample.inputs), answers)
        return answer_text(both[0], source.processing), answer_text(both[1], source.processing)
    original = reference.bind(sample.inputs)()
    passed = {name: sample.inputs[source_name] for name, source_name in reference.passed.items()}
    answer = refilled(original, {**passed, **answers})
    return pretty_text("pretty", pretty, original), pretty_text("pretty", pretty, answer)


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
        return printable(", ".join(f"{label.name} {label.value:.3g}" for label in first[:SHOWN_LABELS]))
    name, array = next(iter(outputs.items()))
    return f"{name}: {numbers(array)}"


def module_losses(model: Int8Model, samples: Samples, progress: Progress) -> tuple[ModuleLoss, ...]:
    """Return the errors of each module, the worst first, in the largest sizes that the graphs fix.

    Raises:
        EdgeAttnError: As ``trace`` does.
    """
    captured, padded = model.float_model.captured, model.float_model.comparison.padded
    bucket = model.buckets[-1]
    parts = bucket.parts
    contracts = {name: part.graph for name, part in parts.answering.items()}
    # An encoder's outputs go to its decoder.
    models = tuple(part.quantized.model for part in reversed(tuple(parts.answering.values())))
    graphs = TracedGraphs(models, model.request.engine, feed_of(parts.generation, contracts))
    pad = pad_token(module_behind(captured).module)
    inputs = list(trace_inputs(samples, padded, captured.axes, bucket.sizes, pad, most=TRACED_SAMPLES))
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


def mapped_attention(model: FloatModel, evaluation: Evaluation) -> tuple[AttentionMap, ...]:
    """Return a model's attention maps, measured on evaluation samples.

    Raises:
        ModelError: The original failed.
    """
    modules = attention_maps(model.recovered.model)
    if not modules:
        return ()
    every = [sample.inputs for sample in evaluation.samples]
    distances: dict[str, list[float]] = {name: [] for name in modules}
    for inputs in stratified(every, min(len(every), MOST_SAMPLES)):
        answers = model.captured.reference(inputs), evaluation.int8(inputs)
        for name in modules:
            distances[name].append(_mean_distance(model, inputs, name, answers))
    return tuple(
        AttentionMap(name, modules[name], float(np.mean(each)), max(each)) for name, each in distances.items()
    )


def _mean_distance(model: FloatModel, inputs: Inputs, name: str, answers: tuple[Outputs, Outputs]) -> float:
    """Return the mean over the queries that count and see a key; 0 where there is none."""
    padded = model.comparison.padded
    (tensor,) = (each for each in padded.graph.outputs if each.name == name)
    rows = total_variation(*(answer[name] for answer in answers))  # (B, [H,] S)
    counted = np.asarray(padded.counted(inputs, tensor, rows), np.float64)
    seen = counted[~np.isnan(counted)]
    return float(seen.mean()) if seen.size else 0.0
