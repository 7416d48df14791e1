"""A bundle on disk, compared anew with its original, which may have changed since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeattn.judge.budget import Budget
from edgeattn.judge.cache_size import cache_mb
from edgeattn.judge.comparison import Comparison
from edgeattn.judge.evaluation import Scoring, Subject, evaluate, score_here
from edgeattn.judge.measures import Measures
from edgeattn.measure.memory import memory_mb
from edgeattn.measure.runners import THREADS, runner_of_bundle
from edgeattn.measure.variants import engine_of, measurable
from edgeattn.progress import Progress
from edgeattn.results.check import Check, EdgeCase
from edgeattn.results.latency import INT8
from edgeattn.source.original import recapture
from edgeattn.source.source import Source
from edgeattn_export.graph.files import files_of
from edgeattn_export.graph.hosts import HERE
from edgeattn_export.graph.samples import SampleSplit
from edgeattn_export.pack.pack import versions
from edgeattn_runtime.bundle.folder import BundleFiles
from edgeattn_runtime.bundle.manifest import Manifest, Variant
from edgeattn_runtime.engine.kernels import kernels_of
from edgeattn_runtime.timing.machine import Machine

_DIGITS = 12  # digits of a hash, which distinguish two
_NAMING_TOOLS = ("torch", "onnxscript")  # the tools that name the values of an exported graph


@dataclass(frozen=True, slots=True)
class Validation:
    """What a bundle comes to here and now."""

    measures: Measures
    checks: tuple[Check, ...]
    edge_cases: tuple[EdgeCase, ...]
    machine: Machine
    count: int


def revalidate(
    files: BundleFiles,
    source: Source,
    *,
    progress: Progress,
    read_on: bool = False,
    scoring: Scoring = score_here,
) -> dict[str, Validation]:
    """Measure a bundle again on all evaluation samples, and judge it by its own budget.

    Args:
        files: The bundle.
        source: Its original.
        progress: Told of the stages.
        read_on: Whether the samples that follow those of the export, which chose nothing, evaluate too.
        scoring: Where samples are compared.

    Returns:
        By target, of all that can be run here.

    Raises:
        BundleError: The bundle is not of this model.
        BadInput: The model cannot be captured.
        IncompatibleRuntimeError: No variant can be run here.
    """
    variants = {variant.target: variant for variant in reversed(measurable(files.manifest))}
    first = next(reversed(variants.values()))
    comparison, samples = comparison_with(files, source, first, progress)
    validations = {}
    for target, variant in reversed(variants.items()):
        subject = Subject(
            comparison=comparison,
            int8=runner_of_bundle(files, variant, threads=THREADS),
            target=target,
            emulated=engine_of(variant).host.emulated,
            samples=samples,
            further=source.read_on(samples.evaluation) if read_on else None,
            rows=files.manifest.rows,
            generation=files.manifest.generation,
            sizes=variant.sizes,
            scoring=scoring,
        )
        validations[target] = _validation(subject, files, variant, progress)
    return validations


def comparison_with(
    files: BundleFiles, source: Source, variant: Variant, progress: Progress
) -> tuple[Comparison, SampleSplit]:
    """Return what compares a bundle with its original by the bundle's own budget, and the split of samples.

    Raises:
        BundleError: The bundle is not of this model.
        BadInput: The model cannot be captured, or its samples are too few for a limit of the budget.
    """
    original = recapture(source, files, variant, progress=progress)
    budget = Budget.read(files.manifest.budget, has_metric=source.metric is not None)
    comparison = Comparison.of(original.captured, original.samples, source.metric, budget)
    return comparison, original.samples


def _validation(subject: Subject, files: BundleFiles, variant: Variant, progress: Progress) -> Validation:
    """Evaluate one of a bundle's variants, and measure what it costs."""
    comparison, host = subject.comparison, engine_of(variant).host
    budget = Budget.read(files.manifest.budget, has_metric=comparison.metric is not None)
    evaluation = evaluate(subject, progress)
    progress.stage("time")
    has_limit = "memory_mb" in budget and host is HERE
    measures = Measures(
        scores=evaluation.scores,
        latency_ms=None if host.emulated else comparison.race(evaluation.int8, evaluation.samples),
        size_mb={INT8: _size_mb(files, variant.target)},
        cache_mb=cache_mb(files.manifest.generation, files.manifest.graphs),
        memory_mb=memory_mb(files.folder, threads=THREADS, kernels=files.kernels) if has_limit else None,
        golden=max(variant.tolerance.values()),
    )
    checks = budget.checks(measures)
    machine = Machine.here(kernels_of(variant.engine.providers, variant.engine.options))
    return Validation(measures, checks, evaluation.edge_cases, machine, evaluation.scores.count)


def _size_mb(files: BundleFiles, target: str) -> float:
    """Return the size of a target's graphs and of their weights, 1 MB = 10^6 bytes."""
    variants = [variant for variant in files.manifest.variants if variant.target == target]
    names = {
        name for variant in variants for graph in variant.files.values() for name in files_of(files, graph)
    }
    return sum(files.manifest.files[name].size for name in names) / 1e6


def source_changes(manifest: Manifest, source: Source) -> tuple[str, ...]:
    """Say what of a model has changed since the bundle was made, a line each; what is unknown is not said."""
    hashes = {"weights": source.weights_sha256, "source": source.sha256}
    words = {
        "weights": f"The weights of {source.name} are not those that the bundle was made of",
        "source": f"The file of {source.name} is not the one that the bundle was made of",
    }
    return tuple(
        f"{words[name]} (sha256 {now[:_DIGITS]}, {str(before)[:_DIGITS]} expected): compared all the same."
        for name, now in hashes.items()
        if now is not None and (before := manifest.provenance.get(name)) not in (None, now)
    )


def tool_changes(manifest: Manifest) -> tuple[str, ...]:
    """Say which tools that name a graph's values are not those that the bundle was made with, a line each."""
    before, now = manifest.provenance.get("versions"), versions()
    if not isinstance(before, Mapping):
        return ()
    return tuple(
        f"Made with {tool} {before[tool]}, traced with {now[tool]}: where the two name values otherwise, one "
        "module is compared with another; export again to be sure."
        for tool in _NAMING_TOOLS
        if tool in before and before[tool] != now[tool]
    )
