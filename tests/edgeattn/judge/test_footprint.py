from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from edgeattn.judge.footprint import MEMORY_MARGIN, Footprint, within_memory

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
