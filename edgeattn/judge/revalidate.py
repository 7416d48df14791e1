"""A bundle on disk, compared anew with its original."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgeattn.judge.budget import Budget, Check
from edgeattn.judge.comparison import Comparison
from edgeattn.judge.measures import Measures
from edgeattn.judge.padding import Padded
from edgeattn.measure.memory import memory_mb
from edgeattn.measure.runners import runner_of_bundle
from edgeattn.measure.threads import THREADS
from edgeattn.progress import Progress
from edgeattn.source.original import recapture
from edgeattn.source.source import Source
from edgeattn_runtime.bundle import BundleFiles
from edgeattn_runtime.machine import Machine
from edgeattn_runtime.picking import runnable


@dataclass(frozen=True, slots=True)
class Revalidated:
    """What a bundle comes to here and now.

    Attributes:
        measures: Over the evaluation samples.
        checks: Of them against the bundle's own budget.
        machine: Where they were measured.
        evaluation: How many samples evaluated.
    """

    measures: Measures
    checks: tuple[Check, ...]
    machine: Machine
    evaluation: int


def revalidate(bundle: Path, files: BundleFiles, source: Source, *, progress: Progress) -> Revalidated:
    """Measure a bundle again on all evaluation samples, and judge it by its own budget.

    Args:
        bundle: Its folder.
        files: The same, opened.
        source: Its original.
        progress: Told of the stages.

    Raises:
        BundleError: The bundle is not of this model.
        BadInput: The model cannot be captured.
    """
    variant, *_ = runnable(files.manifest)
    limits = Budget.read(files.manifest.budget, has_metric=source.metric is not None)
    original = recapture(source, files, variant, progress=progress)
    captured, samples = original.captured, original.samples
    comparison = Comparison(captured, Padded.of(captured, samples.selection), source.metric, progress)
    int8 = runner_of_bundle(files, variant, threads=THREADS)
    progress.stage("evaluate")
    accuracy = comparison.accuracy(int8, samples.evaluation)
    progress.stage("time")
    measures = Measures(
        accuracy=accuracy,
        latency_ms=comparison.race(int8, samples.evaluation),
        size_mb={"int8": _size_mb(files, set(variant.files.values()))},
        memory_mb=memory_mb(bundle, threads=THREADS) if "memory_mb" in limits else None,
        golden=variant.tolerance["cosine"],
    )
    return Revalidated(measures, limits.checks(measures), Machine.here(), len(samples.evaluation))


def _size_mb(files: BundleFiles, graphs: set[str]) -> float:
    """Return the size of graphs and of the weights beside them, 1 MB = 10^6 bytes."""
    weighed = (
        entry.size for file, entry in files.manifest.files.items() if file.removesuffix(".data") in graphs
    )
    return sum(weighed) / 1e6
