"""Kernels in the search: chosen where they are faster, declined elsewhere, and absent without a library."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest

from edgeattn_export.graph.functions import DOMAIN
from edgeattn_export.graph.values import values_of
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Recipe, Treatment
from edgeattn_export.quantize.float_graphs import FloatGraph
from edgeattn_export.quantize.quantize import written
from edgeattn_export.quantize.recipes.recipe import EVERY
from edgeattn_export.search import Goal, Rig, SearchResult, cost, search
from edgeattn_export.search.candidates import NO_KERNELS
from edgeattn_export.search.cost import milliseconds
from edgeattn_export.search.cut import cut
from edgeattn_export.search.error_meter import ErrorMeter
from edgeattn_export.search.goal import WORST_SHARE
from edgeattn_export.search.repair import uniform
from edgeattn_export.search.rig import silent
from edgeattn_export.search.units import groups
from edgeattn_export.targets.cpu import CPU

MakeRig = Callable[[Path | None], Rig]
Find = Callable[..., SearchResult]
STOCK = {
    "int8": 1e-3,
    "int8 static": 1.5e-3,
    "int8 per token": 2e-3,
    "residual int8": 3e-3,
    "float": 4e-3,
    "int4 blocks": 5e-3,
}
FASTER = {**STOCK, "kernel int8": 6e-4, "kernel int8 per token": 7e-4, "kernel residual int8": 8e-4}
DEFAULT = Goal()
SLOWER = {**STOCK, "kernel int8": 8e-3, "kernel int8 per token": 8e-3, "kernel residual int8": 9e-3}


@pytest.fixture
def find(
    part: FloatGraph, rig: MakeRig, timed: Callable[[Mapping[str, float]], None], tmp_path: Path
) -> Find:
    """A function that searches with these times, on a device that has the library or not."""

    def search_with(
        times: Mapping[str, float], goal: Goal = DEFAULT, *, installed: bool = True
    ) -> SearchResult:
        timed(times)
        bench = rig(tmp_path)
        kernels = CPU.kernels if installed else NO_KERNELS
        return search(part, goal, replace(bench, candidates=replace(bench.candidates, kernels=kernels)))

    return search_with


def _forms(found: SearchResult, part: FloatGraph) -> set[str]:
    return {found.chosen.recipe.treatment(layer.name).form for layer in part.calibration.layers}


def test_a_kernel_that_is_faster_is_chosen_and_meets_the_goal(find: Find, part: FloatGraph) -> None:
    found = find(FASTER, Goal(r2=0.9, r2_min=0.5))
    assert found.missed == ()
    assert _forms(found, part) == {"kernel int8"}  # by tensor without the kernel, where that is exact enough


@pytest.mark.parametrize("place", range(len(CPU.kernels.rule)))
def test_where_that_is_not_exact_enough_all_layers_get_the_first_of_the_rule_that_is(
    place: int, find: Find, part: FloatGraph, rig: MakeRig
) -> None:
    meter, units = ErrorMeter(part, rig(None)), groups(part.calibration.layers)
    treatments = (Treatment("kernel int8"), *CPU.kernels.rule)
    recipes = [uniform(meter, units, each) for each in treatments]
    missing, meeting = (float(meter.errors(recipe).max()) for recipe in recipes[place : place + 2])
    assert meeting < missing
    limit = (missing * meeting) ** 0.5
    found = find(FASTER, Goal(r2=0, r2_min=1 - limit / WORST_SHARE))
    assert found.chosen.recipe == recipes[place + 1]
    assert found.missed == ()


@pytest.mark.parametrize("is_aim", [True, False])
def test_what_nobody_asked_for_a_rule_reaches_without_a_margin(
    is_aim: bool, find: Find, part: FloatGraph, rig: MakeRig
) -> None:
    meter, units = ErrorMeter(part, rig(None)), groups(part.calibration.layers)
    recipe = uniform(meter, units, CPU.kernels.rule[0])
    found = find(FASTER, Goal(r2=0, r2_min=1 - 1.01 * float(meter.errors(recipe).max()), is_aim=is_aim))
    assert (found.chosen.recipe == recipe and not found.missed) == is_aim


def test_a_kernel_that_is_slower_is_declined(find: Find, part: FloatGraph) -> None:
    assert not {form for form in _forms(find(SLOWER), part) if form.startswith("kernel")}


def test_where_the_library_is_missing_no_function_is_written(find: Find, part: FloatGraph) -> None:
    found = find(STOCK, installed=False)  # which has no time of a kernel to give
    assert all(not written(part.calibration, trial.recipe).functions for trial in found.trials)


def test_no_target_has_kernels_unless_they_are_installed() -> None:
    assert CPU.candidates.kernels == NO_KERNELS


def test_weights_of_4_bits_are_tried_where_size_counts(part: FloatGraph) -> None:
    candidates = replace(CPU.candidates, kernels=CPU.kernels)
    layer = next(each for each in part.calibration.layers if each.width % 32 == 0)
    forms = [
        {each.form for each in candidates.usual(layer, goal, CPU.forms)}
        for goal in (Goal(), Goal(size_mb=1), Goal(prefer="size"))
    ]
    assert ["kernel int4 blocks" in tried for tried in forms] == [False, True, True]


def test_what_is_less_exact_counts_of_the_ways_to_run(
    part: FloatGraph, rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    meter = ErrorMeter(part, rig(None))
    worse = iter([0.25, 0.75])
    monkeypatch.setattr(ErrorMeter, "_errors_of", lambda _, __, chosen: [next(worse)] * len(chosen))
    errors = meter.errors(Recipe("", ((EVERY, Treatment("kernel int8")),), ()))
    np.testing.assert_array_equal(errors, np.full(len(meter.samples), 0.75))


@pytest.mark.parametrize(("form", "ways"), [("int8", [False]), ("kernel int8", [True, False])])
def test_a_graph_with_kernels_is_measured_without_them_too(
    form: str, ways: list[bool], part: FloatGraph, rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_kernels: list[bool] = []
    runner = ORT_CPU.runner

    def noted(self: object, model: ir.Model, **more: int) -> object:
        has_kernels.append(any(node.domain == DOMAIN for node in model.graph))
        return runner(model, **more)

    meter = ErrorMeter(part, rig(None))
    monkeypatch.setattr(type(ORT_CPU), "runner", noted)
    meter.errors(Recipe("", ((EVERY, Treatment(form)),), ()))
    assert has_kernels == ways


def test_all_forms_are_timed_up_to_where_a_kernel_ends(
    part: FloatGraph, rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel of an ``up`` layer takes in the activation behind it: so its float form is timed with it."""
    graphs: list[ir.Model] = []

    def keep(*given: object) -> ir.Model:
        graphs.append(cut(*given))
        return graphs[-1]

    monkeypatch.setattr(cost, "cut", keep)
    monkeypatch.setattr(
        cost._Cuts, "timed", lambda self, units: (self._graphs and {"p50": [1.0, 1.0]} for _ in units)
    )
    unit = next(each for each in groups(part.calibration.layers) if each.first.name == "ups.0")
    wanted = {unit: (Treatment("float"), Treatment("kernel int8"))}
    milliseconds(ErrorMeter(part, rig(None)), wanted, silent)
    outputs = [{value.name for value in graph.graph.outputs} for graph in graphs]
    assert outputs[0] == outputs[1]
    kernel, plain = graphs  # those that fuse are written first
    assert {node.op_type for node in kernel.graph} == {"Int8Linear"}
    assert "Gelu" in {node.op_type for node in plain.graph}
    assert kernel.functions
    assert not plain.functions
    assert outputs[0] <= values_of(part.calibration.model).keys()


def test_the_time_without_kernels_counts_a_little(
    part: FloatGraph, rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kernel takes 1 ms, its bodies 2 and 4: the one with the faster body is the cheaper."""

    def races(
        _: object, calls: Iterable[Mapping[int, object]], __: object
    ) -> Iterable[dict[int, list[float]]]:
        return ({0: [1.0], 1: [2.0], 2: [4.0]} for _ in calls)

    monkeypatch.setattr(Rig, "races", races)
    monkeypatch.setattr(cost._Cuts, "_calls", lambda _, graphs: graphs)
    unit = groups(part.calibration.layers)[-1]
    forms = [Treatment("kernel int8"), Treatment("kernel int8 per token")]
    times = milliseconds(ErrorMeter(part, rig(None)), {unit: forms}, silent)[unit.name]
    assert times == pytest.approx([0.95 + 0.05 * 2, 0.95 + 0.05 * 4])
