"""A network of few weights, by which int8 gains nothing, stays float without a search."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from fixture_types import Export
from torch import Tensor, nn

from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Calibration, Recipe
from edgeattn_export.quantize.float_graphs import FloatGraph
from edgeattn_export.search import Goal, Rig, Trial, search
from edgeattn_export.search.error_meter import ErrorMeter, race
from edgeattn_export.search.gain import LEAST_FASTER, LEAST_MB, idle_trials
from edgeattn_export.targets.cpu import FORMS

MakeRig = Callable[[Path | None], Rig]
Race = Callable[[float], None]
WIDTH, LENGTHS = 4, (5, 9, 3, 4)
SLOWER, FASTER = 1 - LEAST_FASTER / 2, 1 - 2 * LEAST_FASTER  # int8's time over float's

gain = sys.modules["edgeattn_export.search.gain"]


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(2 * WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.down(self.up(x).relu())  # (B, S, W)


@pytest.fixture(scope="module")
def small(exported: Export) -> FloatGraph:
    torch.manual_seed(0)
    captured, samples = exported(Small(), [{"x": torch.randn(1, length, WIDTH)} for length in 2 * LENGTHS])
    calibration = Calibration(captured.model, samples[: len(LENGTHS)], ORT_CPU, FORMS)
    return FloatGraph(calibration, samples[len(LENGTHS) :], captured.graph)


@pytest.fixture
def int8_takes(monkeypatch: pytest.MonkeyPatch) -> Race:
    """A function that gives every recipe but the first of a race this time; the first takes 1 ms."""

    def give(milliseconds: float) -> None:
        def raced(meter: ErrorMeter, recipes: Iterable[Recipe]) -> tuple[Trial, ...]:
            first, *others = race(meter, recipes)
            return replace(first, latency_ms=1.0), *(replace(it, latency_ms=milliseconds) for it in others)

        monkeypatch.setattr(gain, "race", raced)

    return give


def test_all_layers_stay_float_and_the_figures_are_said(
    small: FloatGraph, rig: MakeRig, int8_takes: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    int8_takes(SLOWER)
    monkeypatch.setattr(ErrorMeter, "spoiled", lambda *_: pytest.fail("tried"))
    result = search(small, Goal(), rig(None))
    in_float, *in_int8 = result.trials
    assert result.chosen == in_float
    assert {in_float.recipe.treatment(name).form for name in ("up", "down")} == {"float"}
    assert in_float.r2_min == pytest.approx(1)
    assert in_float.size_mb - min(trial.size_mb for trial in in_int8) < LEAST_MB
    (note,) = result.notes
    assert note.startswith("Int8 gains nothing here: with all layers in int8 a call takes 0.99 ms ")
    assert f"in float 1 ms and {in_float.size_mb:.3g} MB. All layers stay float." in note


def test_what_gains_a_little_time_is_searched(small: FloatGraph, rig: MakeRig, int8_takes: Race) -> None:
    int8_takes(FASTER)
    assert idle_trials(ErrorMeter(small, rig(None)), Goal()) == ()


@pytest.mark.parametrize("goal", [Goal(size_mb=0.01), Goal(prefer="size"), Goal(latency_ms=1.0)])
def test_a_limit_on_size_or_time_may_need_what_int8_gains(
    small: FloatGraph, rig: MakeRig, goal: Goal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gain, "race", lambda *_: pytest.fail("raced"))
    assert idle_trials(ErrorMeter(small, rig(None)), goal) == ()


def test_where_weights_are_most_of_a_graph_nothing_is_raced(
    part: FloatGraph, rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gain, "race", lambda *_: pytest.fail("raced"))
    assert idle_trials(ErrorMeter(part, rig(None)), Goal()) == ()
