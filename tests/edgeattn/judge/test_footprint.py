"""What graphs and caches take, and smaller ones where that is more than a limit."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edgeattn.judge.cache_size import INT8_CACHE, cache_mb, within_cache
from edgeattn.judge.footprint import MEMORY_MARGIN, Footprint, within_memory
from edgeattn.source import handover
from edgeattn_export.graph.apply import Refused
from edgeattn_export.incremental import Cached, Steps, WholeGraph, with_cache
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.recover import recover
from edgeattn_export.targets import LoweredGraphs
from edgeattn_runtime.errors import BudgetError

LIMIT = 40.0  # MB of memory
LARGEST, LEAST, BESIDE = 30.0, 12.0, 20.0  # MB: of graphs, and of memory beside them
SAVED = 0.6  # MB of memory for each of size

Make = Callable[[float], Footprint[str]]


def maker(saved: float = SAVED) -> tuple[Make, list[float]]:
    """Return what makes graphs as small as they may be, and the sizes that it is asked for."""
    asked: list[float] = []

    def make(size_mb: float) -> Footprint[str]:
        asked.append(size_mb)
        size = max(min(size_mb, LARGEST), LEAST)
        return Footprint(f"{size:.4g} MB", size, BESIDE + LARGEST - saved * (LARGEST - size))

    return make, asked


def test_what_keeps_to_its_limit_is_made_once() -> None:
    make, asked = maker()
    assert within_memory(make, 60.0).size_mb == LARGEST
    assert asked == [math.inf]


def test_the_graphs_shrink_by_what_memory_is_too_large() -> None:
    make, asked = maker(saved=1.0)
    found = within_memory(make, LIMIT)
    assert found.memory_mb == pytest.approx(MEMORY_MARGIN * LIMIT)
    assert found.candidate == f"{asked[-1]:.4g} MB"
    assert asked == [math.inf, pytest.approx(LARGEST - (BESIDE + LARGEST - MEMORY_MARGIN * LIMIT))]


def test_they_shrink_again_by_what_that_has_saved() -> None:
    make, asked = maker()
    assert within_memory(make, 42.0).memory_mb == pytest.approx(MEMORY_MARGIN * 42.0)
    assert len(asked) == 3


def test_a_limit_below_all_that_graphs_can_save_changes_nothing() -> None:
    make, asked = maker()
    assert within_memory(make, BESIDE + 5.0).size_mb == LARGEST
    assert len(asked) == 2  # a third would have to be smaller than nothing
    make, asked = maker()
    assert within_memory(make, 1.0).size_mb == LARGEST
    assert asked == [math.inf]


def test_graphs_that_do_not_shrink_are_not_asked_again() -> None:
    asked: list[float] = []

    def make(size_mb: float) -> Footprint[str]:
        asked.append(size_mb)
        return Footprint("as ever", LARGEST, 50.0)

    assert within_memory(make, LIMIT).candidate == "as ever"
    assert len(asked) == 2


FLOAT_MB = 2 * 2 * 48 * 16 * 4 / 1e6  # keys and values, heads, positions, size
INT8_MB = FLOAT_MB * (16 + 4) / (4 * 16)


@pytest.fixture(scope="module")
def cached() -> Cached:
    writer = handover.load(str(Path(__file__).parents[1] / "writer.py"))
    samples = writer.read()
    captured = writer.capture(samples, ORT_CPU)
    return with_cache(captured, recover(captured, samples), samples)


@pytest.fixture
def lowered(cached: Cached) -> LoweredGraphs:
    return LoweredGraphs(cached.graphs, {}, cached.refused)


def size_of(lowered: LoweredGraphs) -> float | None:
    graphs = lowered.graphs
    return cache_mb(graphs.generation, {name: each.graph for name, each in graphs.graphs.items()})


def test_it_stays_in_float32_where_that_fits(lowered: LoweredGraphs) -> None:
    assert size_of(lowered) == pytest.approx(FLOAT_MB)
    for limits in ({}, {"cache_mb": FLOAT_MB}):
        assert within_cache(lowered, limits) is lowered


@pytest.mark.parametrize("limit", [0.99 * FLOAT_MB, 0.5 * INT8_MB])  # the second is more than int8 can do
def test_it_is_in_int8_where_float32_does_not(lowered: LoweredGraphs, limit: float) -> None:
    int8 = within_cache(lowered, {"cache_mb": limit})
    assert size_of(int8) == pytest.approx(INT8_MB)
    assert int8.applied == {INT8_CACHE: 2}


def test_a_model_without_a_cache_has_none_to_limit(lowered: LoweredGraphs, cached: Cached) -> None:
    steps = cached.graphs
    assert isinstance(steps, Steps)
    without = replace(
        lowered,
        graphs=WholeGraph(graphs=steps.graphs, symbols={}, captured=None),  # type: ignore[arg-type]
        refused=(Refused("cache", "", "", "it is not causal"),),
    )
    with pytest.raises(BudgetError, match=r"cache_mb: .* to limit: it is not causal; leave"):
        within_cache(without, {"cache_mb": 1.0})
    assert within_cache(without, {"size_mb": 1.0}) is without
    assert cache_mb(None, {}) is None


def test_a_cache_that_nothing_bounds_is_refused(lowered: LoweredGraphs, cached: Cached) -> None:
    steps = cached.graphs
    assert isinstance(steps, Steps)
    unbounded = replace(lowered, graphs=replace(steps, generation=replace(steps.generation, positions=None)))
    with pytest.raises(BudgetError, match=r"cache_mb: .* any length"):
        within_cache(unbounded, {"cache_mb": 1.0})
