"""Latency, start and memory of a bundle, alone or side by side with its original and the float export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeattn.measure.isolated import Start, isolated_races, start
from edgeattn.measure.memory import memory_mb
from edgeattn.measure.point import Point
from edgeattn.measure.profile import module_times
from edgeattn.measure.shapes import benchmark_inputs
from edgeattn.measure.shapes import grid_points as points_of
from edgeattn.measure.token_time import TokenTime, token_time
from edgeattn.measure.variants import engine_of
from edgeattn.progress import Progress
from edgeattn.results.latency import Race
from edgeattn_export.graph.samples import Inputs, stratified
from edgeattn_runtime.bundle import BundleFiles, open_bundle
from edgeattn_runtime.errors import BudgetError
from edgeattn_runtime.golden import read_golden
from edgeattn_runtime.graph import Graph
from edgeattn_runtime.machine import Machine
from edgeattn_runtime.manifest import Manifest, Variant
from edgeattn_runtime.picking import runnable

if TYPE_CHECKING:
    from edgeattn.source.source import Source  # brings PyTorch

PROFILED = 4  # inputs, from the smallest to the largest


@dataclass(frozen=True, slots=True)
class Sweep:
    """What is asked of a benchmark.

    Attributes:
        shapes: By symbol the sizes of a grid; real samples are cut and joined to them. Empty takes the
            samples as they are, one by one.
        threads: Numbers of intra-op threads.
        compiled: Whether the original is timed by torch.compile too.
    """

    shapes: Mapping[str, Sequence[int]]
    threads: Sequence[int] = (1,)
    compiled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """What a bundle costs.

    Attributes:
        bundle: Its name.
        target: What was run of it.
        graphs: By file of that target its sha256.
        machine: Where all was measured.
        timed: On what the latencies were measured, in words.
        original: What the original was.
        points: The shapes, and at each of them the numbers of threads.
        start: In processes that had called nothing before.
        memory_mb: As ``edgeattn.measure.memory`` has it; None where the system does not tell it.
        token: Of a decoder: the time of a token.
        modules: By PyTorch module, its share of the time.
        notes: What could not be measured, a line each.
    """

    bundle: str
    target: str
    graphs: Mapping[str, str]
    machine: Machine
    timed: str
    original: str
    points: tuple[Point, ...]
    start: Start
    memory_mb: float | None
    token: TokenTime | None
    modules: Mapping[str, float]
    notes: tuple[str, ...] = ()


def benchmark(bundle: Path, source: Source | None, sweep: Sweep, *, progress: Progress) -> Benchmark:
    """Time a bundle on its model's evaluation samples, or on its own golden inputs where no model is given.

    Args:
        bundle: Its folder.
        source: Its original, to be timed side by side.
        sweep: Shapes and threads.
        progress: Told of the stages.

    Raises:
        BundleError: The bundle is not whole, or is not of this model.
        BadInput: The model cannot be captured, or has no axis that the sweep names.
    """
    files = open_bundle(bundle)
    manifest, threads = files.manifest, sweep.threads[0]
    variant, *_ = runnable(manifest)  # in this process: its memory is measured too
    given = [sample.inputs for sample in read_golden(files)]
    if source is None:
        timed = _alone(files, variant, given, sweep, progress)
    else:
        timed = _beside(source, files, variant, given, sweep, progress)
    progress.stage("profile")
    graph = files.path(variant.files[manifest.main_graph])
    modules = module_times(graph, engine_of(variant), stratified(given, PROFILED))
    token = token_time(bundle, threads=threads)
    progress.stage("memory")
    memory, absent = _memory(bundle, threads)
    return Benchmark(
        bundle=manifest.name,
        target=variant.target,
        graphs={file: manifest.files[file].sha256 for file in sorted(variant.files.values())},
        machine=Machine.here(),
        timed=_timed(manifest, has_original=source is not None, has_shape=bool(sweep.shapes)),
        original="PyTorch" if source is None else source.original,
        points=tuple(timed.points),
        start=timed.start,
        memory_mb=memory,
        token=token,
        modules=modules,
        notes=(*timed.notes, *absent),
    )


@dataclass(frozen=True, slots=True)
class _Timed:
    points: Sequence[Point]
    start: Start
    notes: tuple[str, ...] = ()


def _alone(
    files: BundleFiles, variant: Variant, given: Sequence[Inputs], sweep: Sweep, progress: Progress
) -> _Timed:
    manifest, grid, heads = files.manifest, points_of(sweep.shapes), _heads(files, variant)
    graph = manifest.graphs[manifest.main_graph]
    inputs = [benchmark_inputs(given, graph, manifest.symbols, sizes, heads=heads) for sizes in grid]
    progress.stage("time")
    races, begun = isolated_races(
        files.folder, variant.target, inputs, graph, threads=sweep.threads, progress=progress
    )
    return _Timed(_points(grid, races, graph, inputs), begun)


def _beside(
    source: Source,
    files: BundleFiles,
    variant: Variant,
    given: Sequence[Inputs],
    sweep: Sweep,
    progress: Progress,
) -> _Timed:
    from edgeattn.measure.side_by_side import SideBySide  # brings PyTorch

    grid, heads = points_of(sweep.shapes), _heads(files, variant)
    beside = SideBySide.of(source, files, variant, progress=progress)
    inputs = [beside.inputs(sizes, heads=heads) for sizes in grid]
    progress.stage("time")
    races, notes = beside.races(inputs, threads=sweep.threads, compiled=sweep.compiled)
    (middle,) = stratified(given, 1)
    begun = start(files.folder, variant.target, middle, threads=sweep.threads[0], progress=progress)
    return _Timed(_points(grid, races, beside.graph, inputs), begun, notes)


def _points(
    grid: Sequence[Mapping[str, int]],
    races: Sequence[Race],
    graph: Graph,
    inputs: Sequence[Sequence[Inputs]],
) -> list[Point]:
    """Return the points of races that are as many at each shape as there are numbers of threads."""
    each = len(races) // len(grid)
    return [Point.of(grid[i // each], race, graph, inputs[i // each]) for i, race in enumerate(races)]


def _memory(bundle: Path, threads: int) -> tuple[float | None, tuple[str, ...]]:
    try:
        return memory_mb(bundle, threads=threads), ()
    except BudgetError:
        return None, ("Memory: this system does not tell a process's peak",)


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
