"""The way of a model, read in one screen: what was asked and handed over in, a proven bundle out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from torch import nn

from edgeattn.bundle import Bundle, TargetOutcome, bundled, with_prices
from edgeattn.judge.cache_size import within_cache
from edgeattn.judge.choice import choose
from edgeattn.judge.comparison import Comparison
from edgeattn.judge.independence import ProvenRows, proven_rows
from edgeattn.judge.metric import check_metric
from edgeattn.judge.models import FloatModel, Int8Model
from edgeattn.judge.proof import prove
from edgeattn.judge.request import FASTEST, Objective, Request
from edgeattn.judge.sample_warnings import sample_warnings
from edgeattn.judge.shortage import answer_shortages, count_shortages
from edgeattn.progress import Progress, Silent
from edgeattn.reporting import report_on
from edgeattn.source.module import Metric, ModuleSource
from edgeattn.source.onnx_file import OnnxSource
from edgeattn.source.own_processing import OwnProcessing
from edgeattn.source.source import Source
from edgeattn.stages import own_graphs, staged
from edgeattn_export.graph.axes import Dynamic
from edgeattn_export.incremental import StreamRequest, with_cache, with_defaults, with_streaming
from edgeattn_export.lower.fixed import Sizes
from edgeattn_export.recover import recover
from edgeattn_export.targets import LoweredGraphs, buckets_of, lower_for, sizes_for
from edgeattn_runtime.bundle.generation_options import NO_OPTIONS, GenerationOptions


def run(source: Source, request: Request, progress: Progress) -> Bundle:
    """Take a model to the device.

    Returns:
        The bundle, also where it fails its budget: ``bundle.report.verdict`` says which.

    Raises:
        BadInput: One line that says what was found, what was expected and what to do.
        StageError: One line for whatever else a stage raised, which is its cause.
    """
    with staged(source.name, progress) as stages, own_graphs(stages):
        model = _float_model(source, request, stages)
        # Every target may refuse the model: all are asked before a search takes minutes for the first.
        lowered = [(each, *_lowered(model, each, stages)) for each in request.each()]
        outcomes = with_prices([_for_target(model, *each, stages) for each in lowered], request)
        return bundled(source, request, outcomes)


def _float_model(source: Source, request: Request, progress: Progress) -> FloatModel:
    """Capture a model, settle how it is compared with its original, and recover its meaning."""
    progress.stage("samples")
    real = source.read()
    draft = request.objective.draft  # few samples are meant to show little
    samples = real.split().few() if draft else real.split()
    for line in () if draft else count_shortages(request.budget, len(samples.evaluation)):
        progress.note(line)
    progress.stage("capture")
    captured = source.capture(real, request.target.prover, samples.calibration)
    size_mb, weights = source.megabytes(captured), source.weights_sha256
    if source.processing is not None:
        source.processing.check(source.name, captured.graph, real)
    comparison = Comparison.of(captured, samples, source.metric, request.budget)
    if source.metric is not None:
        limits = {} if draft else request.budget.limits
        check_metric(source.metric, captured, samples.evaluation, limits)
    short = () if draft else answer_shortages(comparison, request.budget, samples.evaluation)
    warnings = sample_warnings(captured, samples)
    for line in (*short, *warnings):
        progress.note(line)
    progress.stage("recover")
    on_grids = captured.on_grids()
    recovered = recover(on_grids, samples.calibration)
    progress.stage("cache")
    cached = with_cache(on_grids, recovered, samples.calibration, samples.selection)
    cached = with_defaults(cached, source.generation)
    fixing = next((target.name for target in request.targets if target.bucket_limits is not None), None)
    cached = with_streaming(cached, source.streaming, samples.calibration, samples.selection, fixing=fixing)
    rows = proven_rows(captured, samples.selection) if cached.graphs.generation is None else ProvenRows(None)
    return FloatModel(
        source=source,
        size_mb=size_mb,
        weights_sha256=weights,
        captured=captured,
        recovered=recovered,
        cached=cached,
        rows=rows,
        samples=samples,
        comparison=comparison,
        notes=warnings,
    )


def _lowered(
    model: FloatModel, request: Request, progress: Progress
) -> tuple[tuple[Sizes, ...], LoweredGraphs]:
    """Return the sizes that a target fixes, and the graphs as it is fast at them."""
    progress.stage("lower")
    sizes = sizes_for(request.target, model.choosing_sizes, model.captured.graph, model.rows.rows)
    lowered = lower_for(request.target, model.cached, model.samples.calibration)
    return sizes, within_cache(lowered, request.budget.limits)


def _for_target(
    model: FloatModel, request: Request, sizes: Sequence[Sizes], lowered: LoweredGraphs, progress: Progress
) -> TargetOutcome:
    """Take a float model to one target."""
    choice = choose(model, lowered, request, progress)
    buckets = buckets_of(request.target, choice.int8, sizes)
    int8_model = Int8Model(request, model, lowered, choice, buckets)
    proof = prove(int8_model, progress)
    return TargetOutcome(int8_model, proof, report_on(int8_model, proof))


def export(
    module: nn.Module,
    samples: Iterable[object],
    *,
    dynamic: Dynamic | None = None,
    budget: Mapping[str, float] | None = None,
    target: str | Sequence[str] = "cpu",
    name: str | None = None,
    metric: Metric | None = None,
    processing: Mapping[str, object] | None = None,
    streaming: Mapping[str, object] | None = None,
    generation: Mapping[str, object] | None = None,
    trained: Path | None = None,
    objective: Objective = FASTEST,
    progress: Progress | None = None,
) -> Bundle:
    """Take a trained attention model to the device: exported whole, int8, and proven on real samples.

    Args:
        module: Trained, in float32 or half precision, or prepared by PyTorch for quantization-aware training.
            It is put into eval mode, with a warning where it was not.
        samples: Real inputs: dicts of tensors or arrays by the names of ``forward``'s parameters, tuples in
            their order, pairs of such and a target, or a DataLoader. A quarter calibrates, a quarter selects,
            half evaluates.
        dynamic: Axis names by input, such as ``{"tokens": ("batch", "sequence")}``; read off the samples
            where it is left out.
        budget: Limits by name, see ``edgeattn.results.limits``; accuracy is asked for in any case.
        target: What the bundle is for, one of ``edgeattn_export.targets.TARGETS``, or several of them, the
            preferred one first.
        name: The bundle's; the module's class in lower case where it is left out.
        metric: ``metric(outputs, target)``, higher is better, averaged over the evaluation samples.
        processing: What an app does before and after a call, as the manifest has it, but with the path of
            its tokenizer.
        streaming: Which input arrives piece by piece, and the size of a piece: ``{"input": "audio", "hop":
            160}``; see docs/model-file.md.
        generation: What a decoder generates with where a caller says nothing, such as ``{"stop": [0]}``; see
            docs/generation.md.
        trained: A QDQ ONNX file that quantization-aware training made of the module; its grids are kept.
        objective: What to minimize within the budget, or a recipe to follow.
        progress: Told of each stage.

    Returns:
        As ``run`` does.

    Raises:
        BadInput: One line that says what was found, what was expected and what to do.
    """
    own = None if processing is None else OwnProcessing.read(processing)
    asked = None if streaming is None else StreamRequest.read(streaming)
    source = ModuleSource.of(
        module,
        samples,
        name,
        dynamic=dynamic,
        metric=metric,
        processing=own,
        streaming=asked,
        generation=NO_OPTIONS if generation is None else GenerationOptions.read(generation),
    )
    source = source if trained is None else source.with_trained_grids(trained)
    request = Request.read(target, budget, objective, has_metric=metric is not None)
    return run(source, request, progress or Silent())


def export_onnx(
    model: Path,
    samples: Path,
    *,
    budget: Mapping[str, float] | None = None,
    target: str | Sequence[str] = "cpu",
    trained: Path | None = None,
    objective: Objective = FASTEST,
    progress: Progress | None = None,
) -> Bundle:
    """Do as ``export`` does with a float ONNX file, which then stands for the PyTorch original.

    Args:
        model: A file of any opset that ONNX's own converter brings to that of the standard Attention.
        samples: An .npz file, see ``edgeattn_export.capture.samples.read_samples.read_npz``.
        budget: Limits by name; there is no metric to drop.
        target: As for ``export``.
        trained: As for ``export``.
        objective: As for ``export``.
        progress: Told of each stage.

    Returns:
        As ``run`` does.

    Raises:
        BadInput: One line that says what was found, what was expected and what to do.
    """
    source, request = OnnxSource(model, samples, trained), Request.read(target, budget, objective)
    return run(source, request, progress or Silent())
