"""Latency and memory of a bundle, alone or side by side with its original and the float export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeattn.measure.latencies import INT8, Race
from edgeattn.measure.memory import memory_mb
from edgeattn.measure.race import race
from edgeattn.measure.runners import runner_of_bundle, runner_of_main_graph, runners_of
from edgeattn.measure.shape import benchmark_inputs
from edgeattn.measure.token_time import TokenTime, token_time
from edgeattn.progress import Progress
from edgeattn_runtime.bundle import BundleFiles, open_bundle
from edgeattn_runtime.golden import read_golden
from edgeattn_runtime.machine import Machine
from edgeattn_runtime.manifest import Manifest, Variant
from edgeattn_runtime.picking import runnable

if TYPE_CHECKING:
    from edgeattn.source.source import Source  # brings PyTorch


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """What a bundle costs.

    Attributes:
        latency_ms: With its conditions.
        memory_mb: As ``edgeattn.measure.memory`` has it, in MB.
        machine: Where both were measured.
        timed: On what the latencies were measured, in words.
        token: Of a decoder: the time of a token.
        original: What the original was.
    """

    latency_ms: Race
    memory_mb: float
    machine: Machine
    timed: str
    token: TokenTime | None
    original: str


def benchmark(
    bundle: Path, source: Source | None, *, sizes: Mapping[str, int], threads: int, progress: Progress
) -> Benchmark:
    """Time a bundle on its model's evaluation samples, or on its own golden inputs where no model is given.

    Args:
        bundle: Its folder.
        source: Its original, to be timed side by side.
        sizes: By symbol: real samples cut and joined to this shape; empty takes them one by one.
        threads: Intra-op threads of each runner.
        progress: Told of the stages.

    Raises:
        BundleError: The bundle is not whole, or is not of this model.
        BadInput: The model cannot be captured, or has no axis that ``sizes`` names.
    """
    files = open_bundle(bundle)
    variant, *_ = runnable(files.manifest)  # in this process: its memory is measured too
    if source is None:
        latency = _alone(files, variant, sizes, threads=threads, progress=progress)
    else:
        latency = _beside(source, files, variant, sizes, threads=threads, progress=progress)
    token = token_time(bundle, threads=threads)
    progress.stage("memory")
    return Benchmark(
        latency_ms=latency,
        memory_mb=memory_mb(bundle, threads=threads),
        machine=Machine.here(),
        timed=_timed(files.manifest, has_original=source is not None, has_shape=bool(sizes)),
        token=token,
        original="PyTorch" if source is None else source.original,
    )


def _alone(
    files: BundleFiles, variant: Variant, sizes: Mapping[str, int], *, threads: int, progress: Progress
) -> Race:
    manifest = files.manifest
    graph = manifest.graphs[manifest.main_graph]
    inputs = benchmark_inputs(
        [sample.inputs for sample in read_golden(files)],
        graph,
        manifest.symbols,
        sizes,
        heads=_heads(files, variant),
    )
    main = runner_of_main_graph(files, variant, threads=threads)
    progress.stage("time")
    return race({INT8: main}, inputs, graph, threads=threads)


def _beside(
    source: Source,
    files: BundleFiles,
    variant: Variant,
    sizes: Mapping[str, int],
    *,
    threads: int,
    progress: Progress,
) -> Race:
    from edgeattn.measure.threads import torch_threads
    from edgeattn.source.original import recapture

    original = recapture(source, files, variant, progress=progress)
    graph = original.captured.graph
    real = [sample.inputs for sample in original.samples.evaluation]
    symbols = original.captured.symbols
    inputs = benchmark_inputs(real, graph, symbols, sizes, heads=_heads(files, variant))
    int8 = runner_of_bundle(files, variant, threads=threads)
    progress.stage("time")
    with torch_threads(threads):
        return race(runners_of(original.captured, int8, threads=threads), inputs, graph, threads=threads)


def _heads(files: BundleFiles, variant: Variant) -> int:
    from edgeattn.measure.contents import read_contents  # brings onnx-ir

    return max(read_contents(files.path(file)).heads for file in variant.files.values())


def _timed(manifest: Manifest, *, has_original: bool, has_shape: bool) -> str:
    whole = "full sequences at once, without a cache" if manifest.generation else ""
    if not has_original:
        whole = "calls of the decoder with several tokens and their cache" if manifest.generation else ""
    source = "the evaluation samples" if has_original else "the bundle's golden inputs"
    how = "cut and joined to one shape" if has_shape else "one by one"
    return f"Timed on {source}, {how}{f': {whole}' if whole else ''}"
