"""How much graphs take, on disk and in memory; and smaller graphs where that is more memory than they may.

Memory is that of the weights and of what runs them, and only the former are ours to choose. So the graphs are
asked to be smaller by what the memory is too large.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from edgeattn.judge.request import Request
from edgeattn.measure.runners import THREADS
from edgeattn_export.graph.files import file_mb
from edgeattn_export.graph.temporary import temporary_folder
from edgeattn_export.pack import Label, TargetBuild, pack, save
from edgeattn_export.quantize.graphs import Graphs
from edgeattn_runtime.bundle.golden import GoldenVectors, Sample
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH

Candidate = TypeVar("Candidate")
SHRINKINGS = 2  # the second knows what the first has saved
MEMORY_MARGIN = 0.99  # of the limit: memory differs a little from process to process


def graphs_mb(graphs: Graphs) -> float:
    """Return the size of all graphs of a bundle with their weights, in MB (10^6 bytes) on disk."""
    return sum(file_mb(part.quantized.model) for part in graphs.graphs.values())


def memory_of(graphs: Graphs, golden: Iterable[Sample], request: Request) -> float:
    """Return the memory of a process that runs graphs, in MB (10^6 bytes).

    Raises:
        BudgetError: This system does not report a process's peak.
    """
    outputs = graphs.graphs[MAIN_GRAPH].graph.outputs
    build = TargetBuild(
        target=request.target,
        parts=graphs,
        tolerance={tensor.name: 1.0 for tensor in outputs},
        scores={},
        verdict="fail",
        measured=None,
    )
    spreads = {tensor.name: np.ones([1] * len(tensor.channel_dims), np.float32) for tensor in outputs}
    draft = pack(
        [build],
        GoldenVectors(tuple(golden), spreads),
        label=Label(name="draft", budget={}, source=None),
        reports={},
    )
    with temporary_folder() as folder:
        path = folder / "draft.edge"
        save(draft, path)
        return request.place.weigh(path, threads=THREADS)


@dataclass(frozen=True, slots=True)
class Footprint(Generic[Candidate]):
    """A candidate, its size and the memory of a process that runs it, in MB (10^6 bytes)."""

    candidate: Candidate
    size_mb: float
    memory_mb: float


def within_memory(make: Callable[[float], Footprint[Candidate]], limit_mb: float) -> Footprint[Candidate]:
    """Return graphs that keep to a limit on memory; where none do, those made without regard to it.

    Args:
        make: Makes graphs that together take at most so many MB, or as near to that as they come.
        limit_mb: On memory.
    """
    first = larger = make(math.inf)
    saved = 1.0  # MB of memory for one of size
    for _ in range(SHRINKINGS):
        size_mb = larger.size_mb - max(larger.memory_mb - MEMORY_MARGIN * limit_mb, 0.0) / saved
        if larger.memory_mb <= limit_mb or not 0 < size_mb < larger.size_mb:
            break
        smaller = make(size_mb)
        if smaller.memory_mb <= limit_mb:
            return smaller
        size = larger.size_mb - smaller.size_mb
        saved = (larger.memory_mb - smaller.memory_mb) / size if size > 0 else 0.0
        if saved <= 0:
            break
        larger = smaller
    return first
