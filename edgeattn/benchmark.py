"""Latency and memory of a bundle, alone or side by side with its PyTorch original and the float export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgeattn.memory import memory_mb
from edgeattn.progress import Progress
from edgeattn.race import Race, race
from edgeattn.rivals import INT8, Engine
from edgeattn.shape import benchmark_inputs
from edgeattn_runtime.bundle import open_bundle
from edgeattn_runtime.golden import read_golden
from edgeattn_runtime.session import open_session


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Latencies in ms with their conditions, and memory in MB as ``edgeattn.memory`` has it."""

    latency_ms: Race
    memory_mb: float


def benchmark(
    bundle: Path, model: str | None, *, sizes: Mapping[str, int], threads: int, progress: Progress
) -> Benchmark:
    """Time a bundle on its model's judged samples, or on its own golden inputs where no model is given.

    Args:
        bundle: Its folder.
        model: Its PyTorch original's file or ``package.module``, to be timed side by side.
        sizes: By symbol: real samples cut and joined to this shape; empty takes them one by one.
        threads: For each rival.
        progress: Told of the stages.

    Raises:
        BundleError: The bundle is not whole, or is not of this model.
        BadInput: The model cannot be captured, or has no axis that ``sizes`` names.
    """
    files = open_bundle(bundle)
    graph = files.manifest.graphs[files.manifest.main_graph]
    if model is None:
        inputs = benchmark_inputs((sample.inputs for sample in read_golden(files)), graph, sizes)
        progress.stage("time")
        int8 = Engine(open_session(files.path(graph.file), threads=threads))
        latency = race({INT8: int8}, inputs, graph, threads=threads)
    else:
        from edgeattn import handover  # PyTorch comes along: only where it is needed
        from edgeattn.original import recapture, rival_of_bundle, rivals_of
        from edgeattn.validate import torch_threads

        original = recapture(handover.load(model), files, progress=progress)
        graph = original.captured.graph
        inputs = benchmark_inputs((sample.inputs for sample in original.judged), graph, sizes)
        rivals = rivals_of(original.captured, rival_of_bundle(files, threads=threads), threads=threads)
        progress.stage("time")
        with torch_threads(threads):
            latency = race(rivals, inputs, graph, threads=threads)
    progress.stage("memory")
    return Benchmark(latency, memory_mb(bundle, threads=threads))
