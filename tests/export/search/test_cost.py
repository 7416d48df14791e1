from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edgeattn_export.quantize import Treatment
from edgeattn_export.quantize.float_parts import FloatPart
from edgeattn_export.quantize.match import Layer
from edgeattn_export.search import Bench, cost
from edgeattn_export.search.cost import milliseconds, signature, timed_layers
from edgeattn_export.search.cut import cut
from edgeattn_export.search.judge import Judge
from edgeattn_export.search.units import groups

MakeBench = Callable[[Path | None], Bench]

FLOAT, INT8 = Treatment("float"), Treatment("int8")
SMOOTHED = [Treatment("int8", (("smoothing", exponent),)) for exponent in (0.6, 0.8)]


def test_a_time_is_measured_once_and_then_known(
    part: FloatPart, bench: MakeBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = groups(part.calibration.layers)[0]
    recipes = [unit.alone(treatment) for treatment in (FLOAT, INT8, *SMOOTHED)]
    found = milliseconds(Judge(part, bench(tmp_path)), unit.layers, recipes)
    assert len(found) == len(recipes)
    assert all(time > 0 for time in found)
    assert found[2] == found[3]  # equal graphs but for their numbers

    monkeypatch.setattr(cost, "take_turns", lambda *_, **__: pytest.fail("measured again"))
    assert milliseconds(Judge(part, bench(tmp_path)), unit.layers, recipes) == found


def test_another_device_is_measured_anew(
    part: FloatPart, bench: MakeBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = groups(part.calibration.layers)[0]
    recipes = [unit.alone(INT8)]
    for device, time in (("one", 1.0), ("other", 2.0)):
        monkeypatch.setattr(cost, "_raced", lambda *_, time=time: [time])
        judge = Judge(part, replace(bench(tmp_path), device=device))
        assert milliseconds(judge, unit.layers, recipes) == [time]
    monkeypatch.setattr(cost, "_raced", lambda *_: pytest.fail("measured again"))
    judge = Judge(part, replace(bench(tmp_path), device="one"))
    assert milliseconds(judge, unit.layers, recipes) == [1.0]


def test_a_signature_tells_graphs_apart_by_all_that_takes_time(part: FloatPart, bench: MakeBench) -> None:
    judge = Judge(part, bench(None))
    treatments = (FLOAT, INT8, *SMOOTHED, Treatment("int8 per token"), Treatment("int4 blocks"))
    for unit in groups(part.calibration.layers):
        recipes = (unit.alone(treatment) for treatment in treatments)
        cuts = [cut(part.calibration.model, judge.model(recipe), unit.layers) for recipe in recipes]
        found = [signature(graph) for graph in cuts]
        assert found[2] == found[3]
        assert len(set(found)) >= len(treatments) - 2  # smoothing that a norm absorbs is no other graph


@pytest.mark.parametrize(("width", "channels", "expected"), [(64, 32, 6), (1024, 4096, 2), (8192, 8192, 1)])
def test_as_many_layers_are_timed_as_there_are_or_as_fill_the_caches(
    width: int, channels: int, expected: int, layer: Callable[..., Layer]
) -> None:
    layers = [layer(str(i), width=width, channels=channels) for i in range(6)]
    assert len(timed_layers(layers)) == expected
