"""A bundle on disk, judged anew against its original."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edgeattn.judge.budget import Budget
from edgeattn.judge.validate import THREADS, Measures, judge_all, time_all
from edgeattn.measure.memory import memory_mb
from edgeattn.progress import Progress
from edgeattn.report.report import Report, read_report
from edgeattn.source.given import OnnxFile
from edgeattn.source.handover import Handover
from edgeattn.source.original import recapture, runner_of_bundle, runners_of
from edgeattn_runtime.bundle import open_bundle


def revalidate(bundle: Path, handed: Handover | OnnxFile, *, progress: Progress) -> Report:
    """Measure a bundle again on all judged samples, and judge it by its own budget.

    Raises:
        BundleError: The bundle is not whole, or is not of this model.
        BadInput: The model cannot be captured.
    """
    files = open_bundle(bundle)
    manifest = files.manifest
    limits = Budget.read(manifest.budget, has_metric=handed.metric is not None)
    report = read_report(files)
    original = recapture(handed, files, progress=progress)
    int8 = runner_of_bundle(files, threads=THREADS)
    runners = runners_of(original.captured, int8, threads=THREADS)
    captured, judged = original.captured, original.judged
    accuracy = judge_all(captured, runners, judged, metric=handed.metric, progress=progress)
    latency = time_all(captured, runners, judged, progress=progress)
    memory = memory_mb(bundle, threads=THREADS) if "memory_mb" in limits else None
    measures = Measures(accuracy, latency, report.size_mb, memory)
    return replace(
        report,
        checks=limits.checks(measures.by_limit()),
        accuracy=accuracy,
        latency_ms=latency,
        memory_mb=memory,
        samples={**report.samples, "judge": len(judged)},
    )
