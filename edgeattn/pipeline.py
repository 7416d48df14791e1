"""The whole way of a model: nn.Module and real samples in, a proven bundle out."""

from __future__ import annotations

import hashlib
import math
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from torch import nn

from edgeattn.bundle import Bundle
from edgeattn.judge.budget import Budget
from edgeattn.judge.choosing import Wish
from edgeattn.judge.making import Made, make
from edgeattn.judge.metric import Metric
from edgeattn.judge.scale import scale_note
from edgeattn.judge.shrinking import shrunk
from edgeattn.judge.validate import THREADS, Measures, time_all
from edgeattn.judge.vectors import Vectors, golden_vectors, step_vectors
from edgeattn.measure.memory import memory_mb
from edgeattn.measure.runners import FLOAT, INT8, PYTORCH
from edgeattn.measure.size import graph_mb, module_mb, parts_mb
from edgeattn.measure.tune import tune
from edgeattn.progress import Progress, Silent
from edgeattn.report.files import report_files
from edgeattn.report.report import Layer, Refusal, Report
from edgeattn.report.tried import recipe_files, trial_lines
from edgeattn.source.eval_mode import in_eval_mode
from edgeattn_export.cache import Steps, derive_steps
from edgeattn_export.cache.decoders import is_decoder
from edgeattn_export.capture import Captured, capture, read_samples
from edgeattn_export.capture.from_onnx import adopt, read_npz
from edgeattn_export.capture.plain_module import plain_module
from edgeattn_export.graph.axes import Dynamic, infer_axes
from edgeattn_export.graph.rule import Refusal as CannotCache
from edgeattn_export.graph.samples import JUDGED_SHARE, Samples
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.pack import Packed, pack, save
from edgeattn_export.pack.pack import Label, Verdict
from edgeattn_export.quantize.float_parts import unfit
from edgeattn_export.recover import Recovered, Refused, recover
from edgeattn_runtime.errors import BadInput

TARGETS = ("cpu",)
PLAIN = Wish()
ENOUGH = 20  # judged samples, below which a verdict is accompanied by a warning


def export(
    module: nn.Module,
    samples: Iterable[object],
    *,
    dynamic: Dynamic | None = None,
    budget: Mapping[str, float] | None = None,
    target: str = "cpu",
    name: str | None = None,
    metric: Metric | None = None,
    source: str | None = None,
    wish: Wish = PLAIN,
    progress: Progress | None = None,
) -> Bundle:
    """Take a trained attention model to the device: exported whole, int8, and judged on real samples.

    Args:
        module: Trained, in float32. It is put into eval mode, with a warning where it was not.
        samples: Real inputs: dicts of tensors or arrays by the names of ``forward``'s parameters, tuples in
            their order, pairs of such and a target, or a DataLoader. Some calibrate, the others judge.
        dynamic: Axis names by input, such as ``{"tokens": ("batch", "sequence")}``; read off the samples
            where it is left out.
        budget: Limits by name, see ``edgeattn.judge.budget.LIMITS``; accuracy is asked for in any case.
        target: What the bundle is for, one of ``TARGETS``.
        name: The bundle's; the module's class in lower case where it is left out.
        metric: ``metric(outputs, target)``, higher is better, averaged over the judged samples.
        source: The sha256 of the file that defines the model, for the bundle's provenance.
        wish: What is least among all that meets the budget, or a recipe to follow.
        progress: Told of each stage.

    Returns:
        The bundle, also where it fails its budget: ``bundle.report.verdict`` says which.

    Raises:
        BadInput: One line that says what was found, what was expected and what to do.
    """
    limits = Budget.read(budget, has_metric=metric is not None)
    _check_target(target)
    module = plain_module(module)
    in_eval_mode(module)
    listener = progress or Silent()
    label = Label(name=name or type(module).__name__.lower(), target=target, source=source)

    listener.stage("samples")
    real = read_samples(module, samples)
    axes = infer_axes(real, dynamic)
    calibrating, judged = real.split()
    listener.stage("capture")
    captured = capture(module, calibrating, axes, ORT_CPU)
    return _int8(
        Float(captured, calibrating, judged, module_mb(module)),
        label,
        limits,
        wish,
        metric=metric,
        listener=listener,
    )


def export_onnx(
    model: Path,
    samples: Path,
    *,
    budget: Mapping[str, float] | None = None,
    target: str = "cpu",
    name: str | None = None,
    wish: Wish = PLAIN,
    progress: Progress | None = None,
) -> Bundle:
    """Do as ``export`` does with a float ONNX file, which then stands for the PyTorch original.

    Args:
        model: A file of any opset that ONNX's own converter brings to that of ``capture``.
        samples: An .npz file, see ``edgeattn_export.capture.from_onnx.read_npz``.
        budget: Limits by name; there is no metric to drop.
        target: What the bundle is for, one of ``TARGETS``.
        name: The bundle's; the file's where it is left out.
        wish: As for ``export``.
        progress: Told of each stage.

    Raises:
        BadInput: One line that says what was found, what was expected and what to do.
    """
    limits = Budget.read(budget)
    _check_target(target)
    listener = progress or Silent()
    source = hashlib.sha256(model.read_bytes()).hexdigest() if model.is_file() else None
    label = Label(name=name or model.stem, target=target, source=source)

    listener.stage("samples")
    calibrating, judged = read_npz(samples).split()
    listener.stage("capture")
    captured = adopt(model, calibrating, ORT_CPU)
    original = Float(captured, calibrating, judged, graph_mb(captured.model), "ONNX file")
    return _int8(original, label, limits, wish, metric=None, listener=listener)


@dataclass(frozen=True, slots=True)
class Float:
    """A model before it is made int8: captured, with the samples that calibrate and judge, and its size."""

    captured: Captured
    calibrating: Samples
    judged: Samples
    original_mb: float
    original: str = "PyTorch"


@dataclass(frozen=True, slots=True)
class Lean:
    """The float graph, recovered, and a causal decoder's step form, or why it has none; None for other models."""

    recovered: Recovered
    steps: Steps | CannotCache | None

    @property
    def graph(self) -> Recovered | Steps:
        """What is made int8."""
        return self.steps if isinstance(self.steps, Steps) else self.recovered

    @property
    def refused(self) -> tuple[Refused, ...]:
        """Where rules found their pattern and left it alone, the cache among them."""
        if isinstance(self.steps, CannotCache):
            return (*self.recovered.refused, Refused("cache", "", "", self.steps.reason))
        return self.recovered.refused


def _int8(
    model: Float, label: Label, limits: Budget, wish: Wish, *, metric: Metric | None, listener: Progress
) -> Bundle:
    """Fuse what was captured, and make it a bundle: a smaller one where memory asks for it."""
    listener.stage("recover")
    recovered = recover(model.captured, model.calibrating)
    listener.stage("cache")
    lean = Lean(recovered, _steps(model.captured, recovered, model.calibrating))

    def within(size_mb: float) -> Bundle:
        sized = replace(wish, size_mb=size_mb)
        return _proven(model, lean, label, limits, sized, metric=metric, listener=listener)

    return within(math.inf) if wish.recipe is not None else shrunk(within)


def _proven(
    model: Float,
    lean: Lean,
    label: Label,
    limits: Budget,
    wish: Wish,
    *,
    metric: Metric | None,
    listener: Progress,
) -> Bundle:
    """Quantize, validate and pack."""
    captured, samples = model.captured, (model.calibrating, model.judged)
    made = make(captured, lean.graph, samples, limits, wish, metric=metric, progress=listener)
    latency = time_all(captured, made.runners, model.judged, progress=listener)
    listener.stage("pack")
    golden = _golden(made, lean.steps, model.judged)
    listener.stage("tune")
    judged = (sample.inputs for sample in model.judged)
    tuned = tune(made.parts, made.runners[FLOAT], judged, golden.samples)
    packed = partial(
        pack,
        made.parts,
        golden.samples,
        tolerance=golden.tolerance,
        label=label,
        session=tuned.session,
        rows=tuned.rows,
    )
    size = {PYTORCH: model.original_mb, FLOAT: graph_mb(captured.model), INT8: parts_mb(made.parts)}
    memory = _memory_mb(packed) if "memory_mb" in limits else None
    measures = Measures(made.accuracy, latency, size, memory)
    told = replace(made, notes=(*made.notes, *_scale(made, golden)))
    report = _report(label, model, lean, told, measures=measures, limits=limits)
    verdict = Verdict(budget=limits.limits, scores=report.scores, word=report.verdict)
    recipes = recipe_files(made.found.trials, made.found.chosen)
    files = report_files(report, recipes, tolerance=golden.tolerance, source=label.source)
    return Bundle(report, packed(verdict=verdict, reports=files))


def _golden(made: Made, steps: Steps | CannotCache | None, judged: Samples) -> Vectors:
    if isinstance(steps, Steps):
        return step_vectors(steps, made.parts, judged)
    inputs = (sample.inputs for sample in judged)
    return golden_vectors(made.runners[PYTORCH], made.runners[INT8], inputs)


def _scale(made: Made, golden: Vectors) -> tuple[str, ...]:
    """Return a note on the scale of what is compared: of a decoder its logits, not its cache."""
    generation = made.parts.generation
    outputs = (
        output
        for sample in golden.samples
        for name, output in sample.outputs.items()
        if generation is None or name == generation.logits
    )
    return scale_note(made.accuracy.max_abs, outputs)


def _check_target(target: str) -> None:
    if target not in TARGETS:
        raise BadInput(f"target {target!r}: unknown; expected one of {', '.join(TARGETS)}")


def _memory_mb(packed: Callable[..., Packed]) -> float:
    """Measure the bundle as it will be, but for its report: memory is one of the things that reports."""
    unjudged = Verdict(budget={}, scores={}, word="fail")
    with tempfile.TemporaryDirectory(prefix="edgeattn-") as folder:
        draft = Path(folder) / "draft.edge"
        save(packed(verdict=unjudged, reports={}), draft)
        return memory_mb(draft, threads=THREADS)


def _steps(captured: Captured, recovered: Recovered, samples: Samples) -> Steps | CannotCache | None:
    """Return a causal decoder's step form, or why a bundle can hold none; None for other models."""
    if not is_decoder(captured, samples):
        return None
    steps = derive_steps(captured, recovered, samples)
    reason = unfit(steps) if isinstance(steps, Steps) else None
    return steps if reason is None else CannotCache(reason)


def _report(
    label: Label, model: Float, lean: Lean, made: Made, *, measures: Measures, limits: Budget
) -> Report:
    checks = limits.checks(measures.by_limit())
    binding = () if all(check.ok for check in checks) else made.binding
    return Report(
        model=label.name,
        target=label.target,
        recipe=made.parts.recipe,
        samples={"calibrate": len(model.calibrating), "judge": len(model.judged)},
        checks=checks,
        accuracy=measures.accuracy,
        latency_ms=measures.latency_ms,
        size_mb=measures.size_mb,
        memory_mb=measures.memory_mb,
        operators=made.parts.operators,
        fused=lean.recovered.applied,
        refused=tuple(Refusal(**asdict(place)) for place in lean.refused),
        layers=tuple(Layer(**asdict(layer)) for layer in made.parts.layers),
        original=model.original,
        trials=trial_lines(made.found.trials, made.found.chosen),
        notes=(*lean.recovered.notes, *made.notes, *_few(len(model.judged)), *binding),
    )


def _few(judged: int) -> tuple[str, ...]:
    if judged >= ENOUGH:
        return ()
    samples = "sample" if judged == 1 else "samples"
    return (
        f"Judged on {judged} {samples}: a verdict on so few says little; yield "
        f"{math.ceil(ENOUGH / JUDGED_SHARE)} samples or more.",
    )
