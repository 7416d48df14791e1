from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from numpy.typing import NDArray

from edgeattn_export.capture.trained_grids import Trained, reach_of
from edgeattn_export.graph.dataflow import constant
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.scopes import MODULE
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Calibration, Recipe, Treatment, quantize
from edgeattn_export.quantize.arithmetic.grid import Grid
from edgeattn_export.quantize.forms import FLOAT, LinearForm
from edgeattn_export.quantize.forms.ort_cpu.linear_blocks import INT4_BLOCKS
from edgeattn_export.quantize.forms.ort_cpu.linear_int8 import INT8
from edgeattn_export.quantize.forms.qdq.linear_qdq import QDQ_WEIGHTS
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.qat import TrainedGrid, keeps, obstacle
from edgeattn_export.quantize.quantize import KEPT, KEPT_WITH_INPUT
from edgeattn_export.targets.cpu import CANDIDATES, FORMS

DIMS = WIDTH, CHANNELS = 64, 12
BLOCKS = Grid.whole(4, 32)

INT8_ALONE = Treatment("int8")

Floats = NDArray[np.float32]


def on_grid(lowest: int, highest: int, *, block: int = WIDTH) -> tuple[NDArray[np.int64], Floats]:
    """Return whole numbers (D, N), both ends in each block, and their steps (D, N)."""
    draw = np.random.default_rng(drawn_seed(highest))
    numbers = draw.integers(lowest, highest, DIMS, endpoint=True)
    numbers[::block], numbers[1::block] = lowest, highest
    steps = draw.uniform(0.01, 0.1, (WIDTH // block, CHANNELS)).astype(np.float32)
    return numbers, np.repeat(steps, block, axis=0)


def weight(lowest: int, highest: int, *, block: int = WIDTH) -> Floats:
    numbers, steps = on_grid(lowest, highest, block=block)
    return numbers.astype(np.float32) * steps


@pytest.mark.parametrize("largest", [1, 3, 7, 64, 127])
def test_the_very_numbers_of_training_are_stored(largest: int) -> None:
    numbers, steps = on_grid(-largest, largest)
    linear = Linear(weight(-largest, largest), None, TrainedGrid.of(INT8.grid))
    assert np.array_equal(linear.rounded, numbers)
    assert linear.steps == pytest.approx(steps[:1], rel=1e-6)


def test_a_step_a_channel_serves_a_form_with_a_step_a_block() -> None:
    linear = Linear(weight(-8, 7), None, TrainedGrid.of(BLOCKS))
    assert linear.dequantized == pytest.approx(weight(-8, 7), rel=1e-5)
    assert linear.steps.shape == (WIDTH // 32, CHANNELS)


def test_a_factor_folded_into_some_channels_and_a_merge_keep_the_grid() -> None:
    merged = np.concatenate([weight(-7, 7) * np.float32(0.3), weight(-5, 5)], axis=1)
    assert keeps(Linear(merged, None, TrainedGrid.of(INT8.grid)), merged)


def test_other_weights_get_the_usual_steps() -> None:
    random = np.random.default_rng(drawn_seed(0)).standard_normal(DIMS).astype(np.float32)
    random[:, 0] = 0
    for grid in (INT8.grid, BLOCKS):
        assert np.array_equal(TrainedGrid.of(grid).scale_of(random), grid.scale_of(random))
    assert not keeps(Linear(random, None, TrainedGrid.of(INT8.grid)), random)


def test_a_channel_that_is_on_no_grid_leaves_the_others_theirs() -> None:
    mixed = weight(-7, 7)
    mixed[:, 3] += np.linspace(0, 0.01, WIDTH, dtype=np.float32)
    usual, trained = INT8.grid.scale_of(mixed), TrainedGrid.of(INT8.grid).scale_of(mixed)
    assert np.flatnonzero(usual == trained).tolist() == [3]


@pytest.mark.parametrize(
    ("numbers", "block", "form", "words"),
    [
        ((-7, 7), WIDTH, INT8, None),
        ((-64, 64), WIDTH, INT8, None),
        ((-7, 7), 32, INT4_BLOCKS, None),
        ((-127, 127), WIDTH, QDQ_WEIGHTS, None),
        ((-127, 127), WIDTH, INT8, "128 steps, which would saturate on x86 without VNNI"),
        (
            (-20, 235),
            WIDTH,
            INT8,
            "int8 stores -127 to 127 in one step a channel",
        ),
        ((-7, 7), 32, INT8, "one step a channel"),
        ((-127, 127), WIDTH, INT4_BLOCKS, "int4 blocks stores -8 to 7 in one step for 32 input channels"),
        ((-7, 7), WIDTH, FLOAT, "it stays float"),
    ],
)
def test_a_form_without_the_steps_says_why(
    numbers: tuple[int, int], block: int, form: LinearForm, words: str | None
) -> None:
    reason = obstacle(weight(*numbers, block=block), form)
    assert reason is None if words is None else words in (reason or "")


@pytest.fixture
def layer(by_hand: Callable[..., ir.Model], rows: Callable[..., Samples]) -> Calibration:
    """A layer that training left 4 bits, behind nothing."""
    model = by_hand(weight(-7, 7), None)
    x = np.random.default_rng(drawn_seed(0)).standard_normal((20, WIDTH)).astype(np.float32)
    return Calibration(model, rows(x, 2 * x), ORT_CPU, FORMS, trained=Trained(frozenset({"encoder.linear"})))


def grid_of(calibration: Calibration, treatment: Treatment) -> str:
    (layer,) = quantize(calibration, Recipe("", (("*", treatment),), ())).layers
    return layer.trained_grid


@pytest.mark.parametrize(
    "treatment",
    [
        Treatment("int8"),
        Treatment("int8", (CANDIDATES.rounding,)),
        Treatment("int8", (("outlier channels", 0.9),)),
        Treatment("int4 blocks"),
        Treatment("int4 blocks", CANDIDATES.careful),
    ],
)
def test_a_layer_keeps_its_grid_through_what_only_rounds(layer: Calibration, treatment: Treatment) -> None:
    assert grid_of(layer, treatment) == KEPT


def test_a_layer_that_lost_its_grid_says_to_what(layer: Calibration) -> None:
    assert grid_of(layer, Treatment("float")) == "it stays float"
    assert grid_of(layer, Treatment("int8", (("smoothing", 0.5),))) == "its weight is moved by smoothing"


def test_a_layer_with_a_bias_that_stays_float_says_so(
    by_hand: Callable[..., ir.Model], layer: Calibration
) -> None:
    model = by_hand(weight(-7, 7), np.ones(CHANNELS, np.float32))
    biased = Calibration(model, layer.samples, ORT_CPU, FORMS, trained=layer.trained)
    assert grid_of(biased, Treatment("float")) == "it stays float"
    assert grid_of(biased, INT8_ALONE) == KEPT


def test_a_layer_that_gets_no_form_stays_float(layer: Calibration) -> None:
    assert layer.trained_layers.without_form() == {}
    unformed = replace(layer.trained_layers, layers=())
    assert unformed.without_form() == {"linear": "it stays float"}


@pytest.mark.parametrize("treatment", [INT8_ALONE, Treatment("float")])
def test_a_layer_that_is_one_with_others_that_were_not_trained_so_names_them(
    layer: Calibration, treatment: Treatment
) -> None:
    (node,) = (node for node in layer.model.graph if node.op_type == "MatMul")
    node.metadata_props[MODULE] = "encoder.linear+key+value"
    merged = Calibration(layer.model, layer.samples, ORT_CPU, FORMS, trained=layer.trained)
    assert grid_of(merged, treatment) == "it is one with encoder.key, encoder.value, where training left none"


def test_a_layer_that_was_not_trained_so_has_none(layer: Calibration) -> None:
    others = Trained(frozenset({"encoder.other"}))
    assert grid_of(Calibration(layer.model, layer.samples, ORT_CPU, FORMS, trained=others), INT8_ALONE) == ""


STATIC = Treatment("int8 static")


def step_and_zero_of(calibration: Calibration, treatment: Treatment) -> tuple[float, int]:
    model = quantize(calibration, Recipe("", (("*", treatment),), ())).model
    (node,) = (node for node in model.graph if node.op_type == "QuantizeLinear")
    step, zero = (constant(value) for value in node.inputs[1:])
    return float(step.item()), int(zero.item())


@pytest.mark.parametrize("name", ["encoder.linear", "weight"])
def test_an_input_that_training_rounded_is_rounded_by_its_step_and_zero(
    layer: Calibration, name: str
) -> None:
    reach = reach_of(0.03, 100, 0, 255)
    trained = Trained(layer.trained.layers, {name: reach})
    known = Calibration(layer.model, layer.samples, ORT_CPU, FORMS, trained=trained)
    assert step_and_zero_of(known, STATIC) == (pytest.approx(0.03, rel=1e-6), 100)
    assert grid_of(known, STATIC) == KEPT_WITH_INPUT
    assert grid_of(known, INT8_ALONE) == KEPT
    assert step_and_zero_of(layer, STATIC)[0] != pytest.approx(0.03, rel=1e-2)
    assert grid_of(layer, STATIC) == KEPT


def test_a_smoothed_input_or_one_with_a_range_of_its_own_is_rounded_as_ever(layer: Calibration) -> None:
    trained = Trained(layer.trained.layers, {"weight": reach_of(0.03, 100, 0, 255)})
    for technique in (("smoothing", 0.5), ("percentile range", 0.99)):
        treatment = Treatment("int8 static", (technique,))
        known = Calibration(layer.model, layer.samples, ORT_CPU, FORMS, trained=trained)
        assert step_and_zero_of(known, treatment) == step_and_zero_of(layer, treatment)
