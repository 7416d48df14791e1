"""The validator: PyTorch, the float export and int8 on the same held-out samples, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from edgeattn.judge.accuracy import judge
from edgeattn.judge.metric import Metric, MetricOfArrays
from edgeattn.measure.race import Race, race
from edgeattn.measure.runners import INT8, PYTORCH, Runner
from edgeattn.progress import Progress
from edgeattn.report.report import Accuracy
from edgeattn_export.capture.captured import Captured
from edgeattn_export.graph.samples import Samples

THREADS = 1  # what a report is measured with, unless the caller says otherwise


@dataclass(frozen=True, slots=True)
class Measures:
    """All that a budget may ask of; sizes and memory in MB (10^6 bytes), latencies in ms."""

    accuracy: Accuracy
    latency_ms: Race
    size_mb: Mapping[str, float]
    memory_mb: float | None = None

    def by_limit(self) -> dict[str, float]:
        """Return the numbers by the names that a budget has for them."""
        latency = self.latency_ms
        numbers = {
            **accuracy_numbers(self.accuracy),
            "latency_ms": latency[INT8].p50,
            "latency_ratio": latency[PYTORCH].p50 / latency[INT8].p50,
            "size_mb": self.size_mb[INT8],
        }
        if self.memory_mb is not None:
            numbers["memory_mb"] = self.memory_mb
        return numbers


def accuracy_numbers(accuracy: Accuracy) -> dict[str, float]:
    """Return what is known of accuracy by the names that a budget has for it."""
    numbers = {"cosine": accuracy.cosine_mean, "cosine_min": accuracy.cosine_min}
    if accuracy.metric_pytorch is not None and accuracy.metric_int8 is not None:
        numbers["metric_drop"] = accuracy.metric_pytorch - accuracy.metric_int8
    return numbers


def judge_all(
    captured: Captured,
    runners: Mapping[str, Runner],
    judged: Samples,
    *,
    metric: Metric | None,
    progress: Progress,
) -> Accuracy:
    """Judge int8 on every sample, with ``THREADS`` threads.

    Args:
        captured: Its reference shows what outputs the metric was written for; its graph is the contract.
        runners: By the names of ``edgeattn.measure.runners``.
        judged: Samples that calibrated nothing.
        metric: The owner's; None where there is none.
        progress: Told of the stage and its steps.

    Raises:
        ModelError: The module or the metric fails on a sample.
    """
    with torch_threads(THREADS):
        progress.stage("validate")
        on_arrays = MetricOfArrays(metric, captured.reference, judged[0].inputs) if metric else None
        return judge(runners, judged, captured.graph, metric=on_arrays, progress=progress)


def time_all(
    captured: Captured, runners: Mapping[str, Runner], judged: Samples, *, progress: Progress
) -> Race:
    """Time all runners on a spread of the judged samples, each with ``THREADS`` threads."""
    with torch_threads(THREADS):
        progress.stage("time")
        return race(runners, (sample.inputs for sample in judged), captured.graph, threads=THREADS)


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Give PyTorch's operators ``count`` threads inside the block."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
