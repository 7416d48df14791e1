"""The original, the float export and the int8 model as runners, with as many threads each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from numpy.typing import NDArray

from edgeattn.measure.variants import engine_of
from edgeattn.results.latency import FLOAT, INT8, PYTORCH
from edgeattn_export.capture import Captured
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs
from edgeattn_export.incremental.kv_cache.steps import StepRunner
from edgeattn_export.lower.fixed import Sizes
from edgeattn_export.quantize.graphs import Graphs
from edgeattn_export.targets import Bucket as TargetBucket
from edgeattn_runtime.bundle.folder import BundleFiles
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH, Variant
from edgeattn_runtime.bundle.rows import Rows
from edgeattn_runtime.bundle.session_settings import SessionSettings
from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.engine.buckets import Bucket, Buckets
from edgeattn_runtime.errors import InputError
from edgeattn_runtime.graph import Graph

THREADS = 1  # what a report is measured with, unless the caller says otherwise


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Give PyTorch's operators ``count`` threads inside the block."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def runners_of(captured: Captured, int8: Runner, *, threads: int) -> dict[str, Runner]:
    """Return the three that are compared, by their names."""
    float_runner = captured.engine.runner(captured.model, threads=threads)
    return {PYTORCH: captured.reference, FLOAT: float_runner, INT8: int8}


def runner_of_graphs(graphs: Graphs, engine: Engine, *, threads: int) -> Runner:
    """Return graphs that are not on disk as one runner of the model that they were made of."""
    if graphs.generation is None:
        return engine.runner(graphs.graphs[MAIN_GRAPH].quantized.model, threads=threads)
    opened = {
        name: engine.graph(part.graph, part.quantized.model, threads=threads)
        for name, part in graphs.graphs.items()
    }
    return StepRunner(opened, graphs.generation)


def runner_of_buckets(
    buckets: Sequence[TargetBucket], rows: Rows | None, engine: Engine, *, threads: int
) -> Runner:
    """Return graphs that are not on disk, in the sizes that they fix, as one runner of their original."""
    first, *_ = buckets
    if not first.sizes:
        return runner_of_graphs(first.parts, engine, threads=threads)
    runners = [(each.sizes, runner_of_graphs(each.parts, engine, threads=threads)) for each in buckets]
    return BucketRunner(first.parts.graphs[MAIN_GRAPH].graph, runners, rows)


def runner_of_bundle(files: BundleFiles, variant: Variant, *, threads: int) -> Runner:
    """Return a bundle's variant, with the other sizes of its target, as one runner of its original."""
    manifest = files.manifest
    if manifest.generation is None:
        return runner_of_main_graph(files, variant, threads=threads)
    engine, settings = engine_of(variant), SessionSettings(threads=threads)
    graphs = {
        name: engine.file_graph(manifest.graphs[name], files.path(file), settings=settings)
        for name, file in variant.files.items()
    }
    return StepRunner(graphs, manifest.generation)


def runner_of_main_graph(files: BundleFiles, variant: Variant, *, threads: int) -> Runner:
    """Return the main graph of a bundle's variant, which of a decoder takes its cache as it is."""
    manifest, settings = files.manifest, SessionSettings(threads=threads)
    runners = [
        (
            each.sizes,
            engine_of(each).file_runner(files.path(each.files[manifest.main_graph]), settings=settings),
        )
        for each in (manifest.variants if variant.sizes else (variant,))
        if each.target == variant.target
    ]
    if not variant.sizes:
        return runners[0][1]
    return BucketRunner(manifest.graphs[manifest.main_graph], runners, manifest.rows)


class BucketRunner:
    """Runners of one graph, each for inputs of some sizes."""

    def __init__(self, graph: Graph, runners: Sequence[tuple[Sizes, Runner]], rows: Rows | None) -> None:
        self._graph = graph
        self._buckets = Buckets(graph, [Bucket(sizes, (), _run(runner)) for sizes, runner in runners], rows)

    def takes(self, inputs: Inputs) -> bool:
        """Say whether there is a bucket for inputs."""
        try:
            self._buckets.check(self._fed(inputs))
        except InputError:
            return False
        return True

    def __call__(self, inputs: Inputs) -> dict[str, NDArray[Any]]:
        """Answer once, padding taken off; raises InputError where no bucket fits."""
        return dict(self._buckets.run(self._fed(inputs)))

    def bind(self, inputs: Inputs) -> Callable[[], object]:
        """Return the call that an app makes, padding included."""
        return lambda: self(inputs)

    def _fed(self, inputs: Inputs) -> Arrays:
        return {tensor.name: inputs[tensor.name] for tensor in self._graph.inputs}


def takes(runner: Runner, inputs: Inputs) -> bool:
    """Say whether a runner answers inputs of such sizes: one of dynamic sizes does."""
    return not isinstance(runner, BucketRunner) or runner.takes(inputs)


def _run(runner: Runner) -> Callable[[Arrays], Arrays]:
    return lambda arrays: dict(runner(arrays))
