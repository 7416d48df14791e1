from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import onnx_ir as ir
import pytest

from edgeattn_export.quantize import Calibration, Recipe, Treatment
from edgeattn_export.quantize.float_graphs import FloatGraph
from edgeattn_export.quantize.layers.match import Layer
from edgeattn_export.quantize.quantize import written
from edgeattn_export.quantize.recipes.recipe import EVERY
from edgeattn_export.search import Rig, cost
from edgeattn_export.search.cost import milliseconds, signature, timed_layers
from edgeattn_export.search.cut import cut
from edgeattn_export.search.error_meter import ErrorMeter
from edgeattn_export.search.rig import silent
from edgeattn_export.search.units import groups

MakeRig = Callable[[Path | None], Rig]

FLOAT, INT8 = Treatment("float"), Treatment("int8")
SMOOTHED = [Treatment("int8", (("smoothing", exponent),)) for exponent in (0.6, 0.8)]


def test_a_time_is_measured_once_and_then_known(
    part: FloatGraph, rig: MakeRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = groups(part.calibration.layers)[0]
    wanted = {unit: (FLOAT, INT8, *SMOOTHED)}
    found = milliseconds(ErrorMeter(part, rig(tmp_path)), wanted, silent)
    times = found[unit.name]
    assert len(times) == len(wanted[unit])
    assert all(time > 0 for time in times)
    assert times[2] == times[3]  # equal graphs but for their numbers

    monkeypatch.setattr(cost, "written", lambda *_: pytest.fail("written again"))
    assert milliseconds(ErrorMeter(part, rig(tmp_path)), wanted, silent) == found


def test_a_treatment_is_written_once_for_all_units(
    part: FloatGraph, rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    graphs: list[str] = []

    def count(known: Calibration, recipe: Recipe) -> ir.Model:
        graphs.append(recipe.layers[0][1].form)
        return written(known, recipe)

    monkeypatch.setattr(cost, "written", count)
    units = groups(part.calibration.layers)
    found = milliseconds(ErrorMeter(part, rig(None)), dict.fromkeys(units, (INT8, FLOAT)), silent)
    assert sorted(graphs) == ["float", "int8"]
    assert set(found) == {unit.name for unit in units}


def test_what_is_cut_is_what_a_unit_treated_alone_would_be(part: FloatGraph, rig: MakeRig) -> None:
    meter = ErrorMeter(part, rig(None))
    every = [Recipe("", ((EVERY, treatment),), ()) for treatment in (INT8, *SMOOTHED)]
    for unit in groups(part.calibration.layers):
        for together, treatment in zip(every, (INT8, *SMOOTHED), strict=True):
            graphs = (meter.model(recipe) for recipe in (together, unit.isolated(treatment)))
            one, other = (cut(part.calibration.model, graph, unit.layers) for graph in graphs)
            assert signature(one) == signature(other)


def test_another_device_is_measured_anew(
    part: FloatGraph, rig: MakeRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = groups(part.calibration.layers)[0]
    for device, time in (("one", 1.0), ("other", 2.0)):
        monkeypatch.setattr(
            cost._Cuts, "timed", lambda _, units, time=time: iter([{"p50": [time]} for _ in units])
        )
        meter = ErrorMeter(part, replace(rig(tmp_path), device=device))
        assert milliseconds(meter, {unit: [INT8]}, silent) == {unit.name: [time]}
    monkeypatch.setattr(
        cost._Cuts, "timed", lambda _, units: iter([pytest.fail("measured again") for _ in units])
    )
    meter = ErrorMeter(part, replace(rig(tmp_path), device="one"))
    assert milliseconds(meter, {unit: [INT8]}, silent) == {unit.name: [1.0]}


def test_a_signature_tells_graphs_apart_by_all_that_takes_time(part: FloatGraph, rig: MakeRig) -> None:
    meter = ErrorMeter(part, rig(None))
    treatments = (FLOAT, INT8, *SMOOTHED, Treatment("int8 per token"), Treatment("int4 blocks"))
    for unit in groups(part.calibration.layers):
        recipes = (unit.isolated(treatment) for treatment in treatments)
        cuts = [cut(part.calibration.model, meter.model(recipe), unit.layers) for recipe in recipes]
        found = [signature(graph) for graph in cuts]
        assert found[2] == found[3]
        assert len(set(found)) >= len(treatments) - 2  # smoothing that a norm absorbs is no other graph


@pytest.mark.parametrize(("width", "channels", "expected"), [(64, 32, 6), (1024, 4096, 2), (8192, 8192, 1)])
def test_as_many_layers_are_timed_as_there_are_or_as_fill_the_caches(
    width: int, channels: int, expected: int, layer: Callable[..., Layer]
) -> None:
    layers = [layer(str(i), width=width, channels=channels) for i in range(6)]
    assert len(timed_layers(layers)) == expected
