"""A bundle on disk, compared anew with its original."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgeattn.judge.budget import Budget
from edgeattn.judge.check import Check
from edgeattn.judge.comparison import Comparison
from edgeattn.judge.edge_cases.edge_case import EdgeCase
from edgeattn.judge.measures import Measures
from edgeattn.judge.output_metrics import asked_of
from edgeattn.judge.padding import Padded
from edgeattn.measure.contents import files_of
from edgeattn.measure.memory import memory_mb
from edgeattn.measure.runners import runner_of_bundle
from edgeattn.measure.threads import THREADS
from edgeattn.measure.variants import engine_of, measurable
from edgeattn.progress import Progress
from edgeattn.source.original import recapture
from edgeattn.source.source import Source
from edgeattn_export.graph.hosts import HERE
from edgeattn_export.graph.samples import Parts
from edgeattn_runtime.bundle import BundleFiles
from edgeattn_runtime.machine import Machine
from edgeattn_runtime.manifest import Variant


@dataclass(frozen=True, slots=True)
class Revalidated:
    """What a bundle comes to here and now.

    Attributes:
        measures: Over the evaluation samples.
        checks: Of them against the bundle's own budget.
        edge_cases: What users meet besides the samples.
        machine: Where they were measured.
        evaluation: How many samples evaluated.
    """

    measures: Measures
    checks: tuple[Check, ...]
    edge_cases: tuple[EdgeCase, ...]
    machine: Machine
    evaluation: int


def revalidate(
    bundle: Path, files: BundleFiles, source: Source, *, progress: Progress
) -> dict[str, Revalidated]:
    """Measure a bundle again on all evaluation samples, and judge it by its own budget.

    Args:
        bundle: Its folder.
        files: The same, opened.
        source: Its original.
        progress: Told of the stages.

    Returns:
        By target, of all that can be run here.

    Raises:
        BundleError: The bundle is not of this model.
        BadInput: The model cannot be captured.
        IncompatibleRuntimeError: No variant can be run here.
    """
    variants = {variant.target: variant for variant in reversed(measurable(files.manifest))}
    limits = Budget.read(files.manifest.budget, has_metric=source.metric is not None)
    original = recapture(source, files, next(reversed(variants.values())), progress=progress)
    captured, samples = original.captured, original.samples
    padded, asked = Padded.of(captured, samples.selection), asked_of(limits, captured.graph)
    comparison = Comparison(captured, padded, source.metric, progress, asked)
    return {
        target: _measured(bundle, files, variant, samples, comparison, limits)
        for target, variant in reversed(variants.items())
    }


def _measured(
    bundle: Path,
    files: BundleFiles,
    variant: Variant,
    samples: Parts,
    comparison: Comparison,
    limits: Budget,
) -> Revalidated:
    int8, host = runner_of_bundle(files, variant, threads=THREADS), engine_of(variant).host
    comparison.progress.stage("evaluate")
    scores = comparison.scores(int8, samples.evaluation)
    comparison.progress.stage("edge cases")
    manifest = files.manifest
    edge_cases = comparison.edge_cases(int8, samples.selection, manifest.rows, manifest.generation)
    comparison.progress.stage("time")
    measures = Measures(
        scores=scores,
        latency_ms=None if host.emulated else comparison.race(int8, samples.evaluation),
        size_mb={"int8": _size_mb(files, variant.target)},
        memory_mb=memory_mb(bundle, threads=THREADS) if "memory_mb" in limits and host is HERE else None,
        golden=variant.tolerance["cosine"],
    )
    checks = limits.checks(measures)
    return Revalidated(measures, checks, edge_cases, Machine.here(), len(samples.evaluation))


def _size_mb(files: BundleFiles, target: str) -> float:
    """Return the size of a target's graphs and of the weights beside them, 1 MB = 10^6 bytes."""
    variants = [variant for variant in files.manifest.variants if variant.target == target]
    held = {
        name for variant in variants for graph in variant.files.values() for name in files_of(files, graph)
    }
    return sum(files.manifest.files[name].size for name in held) / 1e6
