from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeattn_export.lower.ort_cpu.engine import ORT_CPU
from edgeattn_export.quantize.forms import LINEAR_FORMS
from edgeattn_export.quantize.match import Layer
from edgeattn_export.quantize.recipe import Treatment
from edgeattn_export.search import Store, cost
from edgeattn_export.search.candidates import APART, SPLIT, smoothed
from edgeattn_export.search.cost import Shape, milliseconds
from edgeattn_runtime.similarity import cosine

SHAPE = Shape(rows=3, width=64, channels=32, source="Gelu")
FLOAT = Treatment("float")
ALIKE = 0.98  # cosine of one random layer; blocks of 4 bits are the coarsest
FORMS = [Treatment("float"), smoothed("int8", 0.7), *map(Treatment, LINEAR_FORMS)]


def timed(treatment: Treatment, shape: Shape = SHAPE) -> NDArray[np.generic]:
    """Return what the graph that is timed answers."""
    answers = ORT_CPU.runner(cost._alone(shape, treatment))(cost._inputs(shape))
    assert list(answers) == [f"y{index}" for index in range(shape.copies)]
    return answers["y0"]


@pytest.mark.parametrize("treatment", FORMS, ids=str)
def test_what_is_timed_is_the_layer_in_its_form(treatment: Treatment) -> None:
    expected, found = timed(FLOAT), timed(treatment)
    assert found.shape == (1, SHAPE.rows, SHAPE.channels)
    assert cosine(expected, found) > ALIKE
    assert np.array_equal(expected, found) == (treatment == FLOAT)


def test_what_a_technique_does_at_run_time_is_timed_too() -> None:
    apart, split = Treatment("int8", (APART,)), Treatment("int8", SPLIT[0])
    for shape in (SHAPE, Shape(rows=3, width=6, channels=5, source="Add", copies=3)):
        for treatment in (apart, split):
            assert timed(treatment, shape).shape == (1, shape.rows, shape.channels)
    plain = Treatment("int8", (("rounding", 0.1), ("clipping", 1.0)))
    ways = [cost._way(treatment) for treatment in (plain, smoothed("int8", 0.7), apart, split)]
    assert ways == ["int8", "int8, smoothing", "int8, outlier channels", "int8, channel splitting, smoothing"]


def test_a_time_is_measured_once_and_then_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = [FLOAT, Treatment("int8"), smoothed("int8", 0.6), smoothed("int8", 0.8)]
    store = Store(tmp_path)
    found = milliseconds(SHAPE, wanted, store)
    assert list(found) == wanted
    assert all(time > 0 for time in found.values())
    assert found[wanted[2]] == found[wanted[3]]  # dividing takes as long, whatever the exponent

    monkeypatch.setattr(cost, "_race", lambda *_: pytest.fail("measured again"))
    assert milliseconds(SHAPE, wanted, Store(tmp_path)) == found
    assert milliseconds(SHAPE, list(reversed(wanted)), Store(tmp_path)) == found


@pytest.mark.parametrize(
    "shape", [Shape(4, 64, 32, "Gelu"), Shape(3, 32, 64, "Gelu"), Shape(3, 64, 32, "Attention")], ids=str
)
def test_another_shape_or_machine_is_measured_anew(
    shape: Shape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cost, "_race", lambda shape, ways: dict.fromkeys(ways, float(shape.rows)))
    store = Store(tmp_path)
    assert milliseconds(SHAPE, [FLOAT], store) == {FLOAT: 3.0}
    monkeypatch.setattr(cost, "_race", lambda shape, ways: dict.fromkeys(ways, 9.0))
    assert milliseconds(shape, [FLOAT], store) == {FLOAT: 9.0}
    monkeypatch.setattr(cost, "machine", lambda: "another processor")
    assert milliseconds(SHAPE, [FLOAT], store) == {FLOAT: 9.0}


@pytest.mark.parametrize(("width", "channels", "expected"), [(64, 32, 6), (1024, 4096, 2), (8192, 8192, 1)])
def test_as_many_layers_are_timed_as_there_are_or_as_fill_the_caches(
    width: int, channels: int, expected: int, layer: Callable[..., Layer]
) -> None:
    assert Shape.of(layer("one", width=width, channels=channels), 3, 6).copies == expected
