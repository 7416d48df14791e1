"""Latency, start and memory of a bundle, singly or side by side with its original and the float export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeattn.measure.isolated import isolated_races, start
from edgeattn.measure.memory import memory_mb
from edgeattn.measure.profile import module_times
from edgeattn.measure.shapes import benchmark_inputs, grid_points
from edgeattn.measure.token_time import token_time
from edgeattn.measure.variants import engine_of
from edgeattn.progress import Progress
from edgeattn.results.benchmark import Benchmark, Point, Start
from edgeattn.results.latency import INT8, Race
from edgeattn_export.graph.axes import Axes
from edgeattn_export.graph.samples import Inputs, stratified
from edgeattn_runtime.bundle.folder import BundleFiles, open_bundle
from edgeattn_runtime.bundle.golden import NO_GOLDEN, read_golden
from edgeattn_runtime.bundle.manifest import Manifest, Variant
from edgeattn_runtime.contract import bind
from edgeattn_runtime.engine.compatibility import runnable
from edgeattn_runtime.engine.kernels import kernels_of
from edgeattn_runtime.errors import BadInput, BudgetError
from edgeattn_runtime.graph import Graph
from edgeattn_runtime.timing.machine import Machine

if TYPE_CHECKING:
    from edgeattn.source.source import Source  # brings PyTorch

PROFILED_INPUTS = 4  # inputs, from the smallest to the largest


@dataclass(frozen=True, slots=True)
class Sweep:
    """What is asked of a benchmark.

    Attributes:
        shapes: By symbol the sizes of a grid; real samples are cut and joined to them. Empty takes the
            samples as they are, one by one.
        threads: Numbers of intra-op threads.
        compiled: Whether the original is timed by torch.compile too.
        kernels: As ``edgeattn_runtime.load`` has it.
    """

    shapes: Mapping[str, Sequence[int]]
    threads: Sequence[int] = (1,)
    compiled: bool = False
    kernels: bool = True


def benchmark(bundle: Path, source: Source | None, sweep: Sweep, *, progress: Progress) -> Benchmark:
    """Time a bundle on its model's evaluation samples, or on its own golden inputs where no model is given.

    Raises:
        BundleError: The bundle is not whole, or is not of this model.
        BadInput: The model cannot be captured, or has no axis that the sweep names.
    """
    files = open_bundle(bundle, kernels=sweep.kernels)
    manifest, threads = files.manifest, sweep.threads[0]
    variant, *_ = runnable(manifest)  # in this process: its memory is measured too
    golden = [sample.inputs for sample in read_golden(files).samples]
    if not golden:
        raise BadInput(f"{bundle}: {NO_GOLDEN}")
    points, started, notes = _timed_points(source, files, variant, golden, sweep, progress)
    progress.stage("profile")
    graph = files.path(variant.files[manifest.main_graph])
    modules = module_times(graph, engine_of(variant), stratified(golden, PROFILED_INPUTS))
    token = token_time(bundle, threads=threads, kernels=sweep.kernels)
    progress.stage("memory")
    memory, absent = _memory(files, threads)
    return Benchmark(
        bundle=manifest.name,
        target=variant.target,
        graphs={file: manifest.files[file].sha256 for file in sorted(variant.files.values())},
        machine=Machine.here(kernels_of(variant.engine.providers, variant.engine.options)),
        timed=_timed(manifest, has_original=source is not None, has_shape=bool(sweep.shapes)),
        original="PyTorch" if source is None else source.original,
        points=points,
        start=started,
        memory_mb=memory,
        token=token,
        modules=modules,
        notes=(*notes, *absent),
    )


def _timed_points(
    source: Source | None,
    files: BundleFiles,
    variant: Variant,
    golden: Sequence[Inputs],
    sweep: Sweep,
    progress: Progress,
) -> tuple[tuple[Point, ...], Start, tuple[str, ...]]:
    """Return the points of the grid, how the bundle starts, and what could not be timed."""
    from edgeattn.measure.contents import read_contents  # brings onnx-ir

    grid, target = grid_points(sweep.shapes), variant.target
    notes: tuple[str, ...] = ()
    heads = max(read_contents(files.path(file)).heads for file in variant.files.values())
    if source is None:
        manifest = files.manifest
        graph = manifest.graphs[manifest.main_graph]
        inputs = [benchmark_inputs(golden, graph, manifest.symbols, sizes, heads=heads) for sizes in grid]
        progress.stage("time")
        races, started = isolated_races(
            files, target, inputs, graph, threads=sweep.threads, progress=progress
        )
    else:
        from edgeattn.measure.side_by_side import SideBySide  # brings PyTorch

        original = SideBySide.of(source, files, variant, progress=progress)
        graph, inputs = original.graph, [original.inputs(sizes, heads=heads) for sizes in grid]
        progress.stage("time")
        races, notes = original.races(inputs, threads=sweep.threads, compiled=sweep.compiled)
        (middle,) = stratified(golden, 1)
        started = start(files, target, middle, threads=sweep.threads[0], progress=progress)
    each = len(sweep.threads)  # races at each shape
    points = (_point(grid[i // each], race, graph, inputs[i // each]) for i, race in enumerate(races))
    return tuple(points), started, notes


def _point(sizes: Mapping[str, int], race: Race, graph: Graph, inputs: Sequence[Inputs]) -> Point:
    """Return a point of the grid: its sizes as requested, its times, and the rows of its calls."""
    surroundings, is_alone = race.conditions.surroundings, list(race.latencies) == [INT8]
    joules = surroundings.energy_j if surroundings is not None and is_alone else None
    batch = Axes({tensor.name: tensor.dims for tensor in graph.inputs}).batch
    rows = [1 if batch is None else bind(graph.inputs, arrays)[batch] for arrays in inputs]
    mean = sum(rows) / len(rows)
    return Point(
        sizes=sizes,
        latency_ms=race,
        per_second={name: 1000 * mean / (it.mean or it.p50) for name, it in race.latencies.items()},
        energy_mj=None if joules is None else 1000 * joules / race.conditions.rounds,
    )


def _memory(files: BundleFiles, threads: int) -> tuple[float | None, tuple[str, ...]]:
    try:
        return memory_mb(files.folder, threads=threads, kernels=files.kernels), ()
    except BudgetError:
        return None, ("Memory: this system does not report a process's peak",)


def _timed(manifest: Manifest, *, has_original: bool, has_shape: bool) -> str:
    whole = "full sequences at once, without a cache" if manifest.generation else ""
    if not has_original:
        whole = "calls of the decoder with several tokens and their cache" if manifest.generation else ""
    source = "the evaluation samples" if has_original else "the bundle's golden inputs"
    how = "cut and joined to one shape" if has_shape else "one by one"
    return f"Timed on {source}, {how}{f': {whole}' if whole else ''}"
