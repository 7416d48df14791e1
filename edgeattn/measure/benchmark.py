"""Latency and memory of a bundle, alone or side by side with its PyTorch original and the float export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgeattn.measure.memory import memory_mb
from edgeattn.measure.race import Race, race
from edgeattn.measure.runners import INT8, Engine
from edgeattn.measure.shape import benchmark_inputs
from edgeattn.measure.token_time import TokenTime, token_time
from edgeattn.progress import Progress
from edgeattn_runtime.bundle import open_bundle
from edgeattn_runtime.golden import read_golden
from edgeattn_runtime.manifest import Manifest
from edgeattn_runtime.session import open_session


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What a bundle costs.

    Attributes:
        latency_ms: With its conditions.
        memory_mb: As ``edgeattn.measure.memory`` has it, in MB.
        timed: On what the latencies were measured, in words.
        token: Of a decoder: the time of a token.
        original: What the original was.
    """

    latency_ms: Race
    memory_mb: float
    timed: str
    token: TokenTime | None
    original: str = "PyTorch"


def benchmark(
    bundle: Path,
    model: str | None,
    samples: Path | None = None,
    *,
    sizes: Mapping[str, int],
    threads: int,
    progress: Progress,
) -> Benchmark:
    """Time a bundle on its model's judged samples, or on its own golden inputs where no model is given.

    Args:
        bundle: Its folder.
        model: Its original, see ``edgeattn.source.given``, to be timed side by side.
        samples: Real inputs, where that is an ONNX file.
        sizes: By symbol: real samples cut and joined to this shape; empty takes them one by one.
        threads: For each runner.
        progress: Told of the stages.

    Raises:
        BundleError: The bundle is not whole, or is not of this model.
        BadInput: The model cannot be captured, or has no axis that ``sizes`` names.
    """
    files = open_bundle(bundle)
    graph = files.manifest.graphs[files.manifest.main_graph]
    label = "PyTorch"
    if model is None:
        inputs = benchmark_inputs((sample.inputs for sample in read_golden(files)), graph, sizes)
        progress.stage("time")
        int8 = Engine(open_session(files.path(graph.file), threads=threads))
        latency = race({INT8: int8}, inputs, graph, threads=threads)
    else:
        from edgeattn.judge.validate import torch_threads
        from edgeattn.source.given import given, is_onnx  # PyTorch comes along: only where it is needed
        from edgeattn.source.original import recapture, runner_of_bundle, runners_of

        label = "ONNX file" if is_onnx(model) else label
        original = recapture(given(model, samples), files, progress=progress)
        graph = original.captured.graph
        inputs = benchmark_inputs((sample.inputs for sample in original.judged), graph, sizes)
        runners = runners_of(original.captured, runner_of_bundle(files, threads=threads), threads=threads)
        progress.stage("time")
        with torch_threads(threads):
            latency = race(runners, inputs, graph, threads=threads)
    token = token_time(bundle, threads=threads)
    progress.stage("memory")
    timed = _timed(files.manifest, has_original=model is not None, has_shape=bool(sizes))
    return Benchmark(latency, memory_mb(bundle, threads=threads), timed, token, label)


def _timed(manifest: Manifest, *, has_original: bool, has_shape: bool) -> str:
    whole = "whole texts at once, nothing kept of them" if manifest.generation else ""
    if not has_original:
        whole = "calls of the decoder with several tokens and what came before" if manifest.generation else ""
    source = "the judged samples" if has_original else "the bundle's golden inputs"
    how = "cut and joined to one shape" if has_shape else "one by one"
    return f"Timed on {source}, {how}{f': {whole}' if whole else ''}"
