"""A bundle of two graphs: what limits both is shared, and what is found for both is one recipe."""

from __future__ import annotations

import math
from collections.abc import Callable

import onnx_ir as ir
import pytest
import torch
from fixture_types import Export
from torch import nn

from edgeattn_export.capture import Captured
from edgeattn_export.graph.files import file_mb
from edgeattn_export.graph.samples import Samples
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Calibration, Recipe, Treatment
from edgeattn_export.quantize.float_graphs import FloatGraph, FloatGraphs
from edgeattn_export.quantize.graphs import int8_graphs
from edgeattn_export.recover import Recovered, recover
from edgeattn_export.search import Goal, Rig, SearchResult, Store, Trial, bundle_search
from edgeattn_export.search.bundle_search import draft_bundle, follow_bundle, search_bundle
from edgeattn_export.search.rig import silent
from edgeattn_export.search.shares import remaining_goals, shared_goals
from edgeattn_export.targets.cpu import CANDIDATES, DYNAMIC_INT8, FORMS
from edgeattn_runtime.bundle.manifest import Graph
from edgeattn_runtime.errors import RecipeError

Script = Callable[..., list[tuple[str, float]]]
LOOSE = Goal(r2=0.5, r2_min=0.5)
NOTHING = Rig(CANDIDATES, "this device", Store(None))


class Feed(nn.Module):
    """A feed-forward block of other sizes than the tiny encoder's."""

    def __init__(self) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(64, 256), nn.Linear(256, 64)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.down(nn.functional.relu(self.up(x)))


@pytest.fixture(scope="module")
def floats(encoder: Captured, recovered: Recovered, samples: Samples, exported: Export) -> FloatGraphs:
    torch.manual_seed(0)
    feed, rows = exported(Feed(), [{"x": torch.randn(1, length, 64)} for length in (5, 3, 8, 4)])

    def part(model: ir.Model, all_of: Samples, graph: Graph) -> FloatGraph:
        return FloatGraph(Calibration(model, all_of[::2], ORT_CPU, FORMS), all_of[1::2], graph)

    fed = part(recover(feed, rows).model, rows, feed.graph)
    return FloatGraphs({"model": fed, "encoder": part(recovered.model, samples, encoder.graph)}, {})


def test_a_draft_tries_one_recipe_for_all_graphs(floats: FloatGraphs) -> None:
    result = draft_bundle(floats, NOTHING)
    assert result.trials == (result.chosen,)
    assert result.missed == ()
    layers = [layer.name for graph in floats.graphs.values() for layer in graph.calibration.layers]
    assert {result.chosen.recipe.treatment(name).form for name in layers} == {"int8 per token"}
    assert result.chosen.recipe.rewrites == DYNAMIC_INT8.rewrites
    assert result.chosen.r2_min > 0.99


def test_totals_are_shared_and_errors_are_not(floats: FloatGraphs) -> None:
    goal = Goal(r2_min=0.9, latency_ms=2.0, size_mb=0.3)
    own = shared_goals(floats.graphs, goal, NOTHING)
    assert sum(each.size_mb for each in own.values()) == pytest.approx(0.3)
    assert sum(each.latency_ms for each in own.values()) == pytest.approx(2.0)
    assert all(each.size_mb < 0.3 for each in own.values())
    assert {(each.r2, each.r2_min) for each in own.values()} == {(goal.r2, 0.9)}


def test_what_is_not_limited_is_not_measured(floats: FloatGraphs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeattn_export.search.shares.race", lambda *_: pytest.fail("measured"))
    assert shared_goals(floats.graphs, LOOSE, NOTHING) == {"model": LOOSE, "encoder": LOOSE}
    sized = Goal(size_mb=1.0)
    assert shared_goals({"model": floats.graphs["model"]}, sized, NOTHING) == {"model": sized}


def test_a_size_that_only_the_smallest_of_both_reach_is_met(floats: FloatGraphs) -> None:
    smallest = search_bundle(floats, Goal(0.5, 0.5, size_mb=1e-3), rig=NOTHING, step=silent)
    assert smallest.missed == ("size_mb",)
    limit = 1.01 * smallest.chosen.size_mb
    found = search_bundle(floats, Goal(0.5, 0.5, size_mb=limit), rig=NOTHING, step=silent)
    assert found.missed == ()
    assert found.chosen.size_mb <= limit
    parts = int8_graphs(floats, found.chosen.recipe)
    assert sum(file_mb(part.quantized.model) for part in parts.graphs.values()) == pytest.approx(
        found.chosen.size_mb
    )


def trial(name: str, size_mb: float) -> Trial:
    return Trial(
        Recipe(name, (("*", Treatment(name)),), ()), 0.99 + size_mb / 1e4, 0.98, size_mb / 10, size_mb
    )


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, float]], list[tuple[str, float]]]:
    """A function that has each graph take what it may, but not less than it needs, and notes the asking."""

    def script(floats: FloatGraphs, needs: dict[str, float]) -> list[tuple[str, float]]:
        names = {id(part): name for name, part in floats.graphs.items()}
        asked: list[tuple[str, float]] = []

        def search(part: FloatGraph, goal: Goal, *_: object, **__: object) -> SearchResult:
            name = names[id(part)]
            asked.append((name, goal.size_mb))
            taken = trial(name, max(needs[name], goal.size_mb))
            return SearchResult(
                taken, (taken, trial("int8", 50.0)), goal.misses(taken), (f"{name} is found",)
            )

        monkeypatch.setattr(bundle_search, "search", search)
        monkeypatch.setattr(
            bundle_search,
            "shared_goals",
            lambda graphs, goal, _: {name: Goal(0.0, 0.0, size_mb=goal.size_mb / 2) for name in graphs},
        )
        return asked

    return script


@pytest.mark.parametrize(("needy", "other"), [("model", "encoder"), ("encoder", "model")])
def test_what_one_graph_needs_beyond_its_share_another_leaves(
    floats: FloatGraphs, scripted: Script, needy: str, other: str
) -> None:
    asked = scripted(floats, {needy: 6.0, other: 1.0})
    found = search_bundle(floats, Goal(0.0, 0.0, size_mb=10.0), rig=NOTHING, step=silent)
    assert found.missed == ()
    assert found.chosen.size_mb == pytest.approx(10.0)
    assert asked[-1] == (other, 4.0)


def test_a_share_that_ends_between_two_recipes_of_each_is_met_by_the_smallest(
    floats: FloatGraphs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def search(part: FloatGraph, goal: Goal, *_: object, **__: object) -> SearchResult:
        taken = trial("small", 4.0) if goal.prefer == "size" else trial("large", goal.size_mb + 1.0)
        return SearchResult(taken, (taken,), goal.misses(taken), ())

    monkeypatch.setattr(bundle_search, "search", search)
    found = search_bundle(floats, Goal(0.0, 0.0, size_mb=10.0), rig=NOTHING, step=silent)
    assert (found.chosen.size_mb, found.missed) == (8.0, ())
    for goal, missed in (
        (Goal(0.0, 0.0, size_mb=7.0), "size_mb"),
        (Goal(0.0, 0.0, latency_ms=0.1), "latency_ms"),
    ):
        assert search_bundle(floats, goal, rig=NOTHING, step=silent).missed == (missed,)


def test_a_total_that_nothing_meets_is_missed_by_the_whole(floats: FloatGraphs, scripted: Script) -> None:
    scripted(floats, {"model": 6.0, "encoder": 5.0})
    found = search_bundle(floats, Goal(0.0, 0.0, size_mb=10.0), rig=NOTHING, step=silent)
    assert found.missed == ("size_mb",)
    assert found.chosen.size_mb == 11.0
    assert found.notes == ("model is found", "encoder is found")


def test_nothing_is_left_where_the_others_take_all() -> None:
    chosen = {"model": trial("model", 12.0), "encoder": trial("encoder", 3.0)}
    assert [name for name, _ in remaining_goals(chosen, Goal(size_mb=10.0))] == ["model"]
    assert list(remaining_goals(chosen, Goal())) == []
    assert list(remaining_goals({"model": chosen["model"]}, Goal(size_mb=10.0))) == []


def test_a_trial_is_one_graphs_beside_what_was_chosen_for_the_others(
    floats: FloatGraphs, scripted: Script
) -> None:
    scripted(floats, {"model": 1.0, "encoder": 2.0})
    found = search_bundle(floats, Goal(0.0, 0.0, size_mb=4.0), rig=NOTHING, step=silent)
    names = ["model: model; encoder: encoder", "model: int8; encoder: encoder", "model: model; encoder: int8"]
    assert [each.recipe.name for each in found.trials] == names
    assert found.chosen == found.trials[0]
    assert found.trials[1].size_mb == 52.0
    assert found.trials[1].latency_ms == pytest.approx(5.2)
    assert found.trials[1].r2 == found.chosen.r2  # the least of both


def test_a_recipe_of_one_graphs_layers_is_followed_in_all(floats: FloatGraphs) -> None:
    recipe = Recipe("mine", (("*", Treatment("int8")), ("down", Treatment("float"))), DYNAMIC_INT8.rewrites)
    found = follow_bundle(floats, recipe, rig=NOTHING)
    assert (found.chosen.recipe.name, found.missed) == ("mine", ())
    assert math.isfinite(found.chosen.latency_ms)
    parts = int8_graphs(floats, found.chosen.recipe)
    for part, int8 in ((parts.graphs["model"], "up"), (parts.graphs["encoder"], "output")):
        forms = {layer.module: layer.form for layer in part.quantized.layers}
        assert (forms[int8], forms["down"]) == ("int8", "float")


def test_a_recipe_with_a_fault_for_one_graph_is_refused(floats: FloatGraphs) -> None:
    with pytest.raises(RecipeError, match="'nobody'"):
        follow_bundle(floats, Recipe("mine", (("encoder/nobody", Treatment("int8")),), ()), rig=NOTHING)
