from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import edgeattn
from edgeattn import pipeline
from edgeattn.bundle import Bundle
from edgeattn.judge.budget import Check
from edgeattn.judge.choosing import Wish
from edgeattn.judge.shrinking import MARGIN, shrunk
from edgeattn.report.report import Report
from edgeattn.source.handover import Handover
from edgeattn_export.quantize import DYNAMIC_INT8

LIMIT, LEAST, BESIDE = (
    40.0,
    12.0,
    20.0,
)  # MB: of memory, of the smallest graphs, and what memory is beside them
SAVED = 0.6  # MB of memory for each of size
Make = Callable[[float], Bundle]


@pytest.fixture
def maker(report: Report) -> Callable[..., tuple[Make, list[float]]]:
    """A function that returns what makes bundles of 30 MB or less, and the sizes that it is asked for."""

    def of(limit: float = LIMIT, exact_from: float = 0.0, saved: float = SAVED) -> tuple[Make, list[float]]:
        asked: list[float] = []

        def make(size_mb: float) -> Bundle:
            asked.append(size_mb)
            size = max(min(size_mb, 30.0), LEAST)
            memory = BESIDE + 30.0 - saved * (30.0 - size)
            checks = (
                Check("cosine", 0.99, 0.98, size >= exact_from),
                Check("memory_mb", memory, limit, memory <= limit),
            )
            told = replace(report, checks=checks, memory_mb=memory, size_mb={**report.size_mb, "int8": size})
            return Bundle(told, None)

        return make, asked

    return of


def test_what_keeps_to_its_limit_is_made_once(maker: Callable[..., tuple[Make, list[float]]]) -> None:
    make, asked = maker(limit=60.0)
    assert shrunk(make).report.size_mb["int8"] == 30.0
    assert asked == [math.inf]


def test_the_graphs_shrink_by_what_memory_is_too_large(
    maker: Callable[..., tuple[Make, list[float]]],
) -> None:
    make, asked = maker(saved=1.0)
    assert shrunk(make).report.memory_mb == pytest.approx(MARGIN * LIMIT)
    assert asked == [math.inf, pytest.approx(30.0 - (50.0 - MARGIN * LIMIT))]


def test_they_shrink_again_by_what_that_has_saved(maker: Callable[..., tuple[Make, list[float]]]) -> None:
    make, asked = maker(limit=42.0)
    assert shrunk(make).report.memory_mb == pytest.approx(MARGIN * 42.0)
    assert len(asked) == 3


def test_a_limit_below_all_that_graphs_can_save_changes_nothing(
    maker: Callable[..., tuple[Make, list[float]]],
) -> None:
    make, asked = maker(limit=BESIDE + 5.0)
    assert shrunk(make).report.size_mb["int8"] == 30.0
    assert len(asked) == 2  # a third would have to be smaller than nothing
    make, asked = maker(limit=1.0)
    assert shrunk(make).report.size_mb["int8"] == 30.0
    assert asked == [math.inf]


def test_memory_is_not_bought_with_another_limit(maker: Callable[..., tuple[Make, list[float]]]) -> None:
    make, _ = maker(saved=1.0, exact_from=25.0)
    assert shrunk(make).report.size_mb["int8"] == 30.0


@pytest.mark.usefixtures("instant_capture")
def test_an_export_takes_smaller_forms_where_memory_asks_for_them(
    handed: Handover, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = 0.01  # MB: little, as the graph is

    def weigh(folder: Path, threads: int) -> float:
        return beside + (folder / "model.onnx").stat().st_size / 1e6

    monkeypatch.setattr(pipeline, "memory_mb", weigh)
    plain = bundle.report.size_mb["int8"]
    budget = {"cosine": 0.9, "memory_mb": beside + 0.95 * plain}
    found = edgeattn.export(handed.module, handed.samples, budget=budget).report
    assert found.verdict == "pass"
    assert found.size_mb["int8"] <= 0.95 * plain
    followed = pipeline.export(
        handed.module, handed.samples, budget=budget, wish=Wish(recipe=DYNAMIC_INT8)
    ).report
    assert [check.name for check in followed.checks if not check.ok] == ["memory_mb"]
