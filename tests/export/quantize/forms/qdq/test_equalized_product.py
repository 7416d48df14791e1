from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest
from numpy.typing import NDArray
from onnx_ir.tape import Tape

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import embed, operators
from edgeattn_export.graph.scopes import MODULE
from edgeattn_export.lower.ort_cpu import ORT_QDQ
from edgeattn_export.quantize.forms.qdq.equalized_product import (
    LEAST_SHARE,
    UNEQUALIZED,
    equalized_product,
    equalizing,
)
from edgeattn_export.quantize.forms.qdq.linear_qdq import QDQ8, QDQ16
from edgeattn_export.quantize.forms.qdq.whole import WholeQdq
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.ranges import ChannelRange, channel_ranges, ranges_of

WIDTH, CHANNELS, FARTHEST = 8, 6, 100.0
GAINED = 0.1  # of the squared error of one step for all channels, at most
RNG = np.random.default_rng(0)
X = RNG.standard_normal((40, WIDTH)).astype(np.float32)
UNLIKE = np.array([FARTHEST, *[1.0] * (CHANNELS - 1)], np.float32)

Written = Callable[..., ir.Model]


def _layer(written: Written, factors: NDArray[np.float32], form: object = QDQ8) -> ir.Model:
    """Return a layer whose channels reach as far as ``factors``, behind it a sum, so that it is no end."""
    weight = np.random.default_rng(1).choice(np.float32([-1, 1]), (WIDTH, CHANNELS)) * factors
    bias = np.arange(CHANNELS, dtype=np.float32)
    linear = Linear(weight, bias, paired=True, reach=(float(X.min()), float(X.max()))).settled()

    def write(tape: Tape, values: dict[str, ir.Value]) -> ir.Value:
        return tape.op("Abs", [form.emit(tape, values["x"], linear, "layer")])

    return written({"x": (ir.DataType.FLOAT, ("rows", WIDTH))}, write)


def _error(stored: ir.Model, exact: ir.Model) -> float:
    """Return the mean squared error, each channel by its own size."""
    y, expected = (ORT_QDQ.runner(model)({"x": X})["y"] for model in (stored, exact))
    return float(np.mean(np.square(y - expected) / np.square(expected).mean(0)))


def _stored(model: ir.Model, *, balanced: bool) -> ir.Model:
    copy = model.clone()
    if balanced:
        WholeQdq().balance(copy, [{"x": X}], ORT_QDQ, ())
    WholeQdq().store(copy, ranges_of(copy, [{"x": X}], ORT_QDQ))
    return copy


def test_a_channel_that_reaches_far_no_longer_sets_the_step_of_all(written: Written) -> None:
    model = _layer(written, UNLIKE)
    plain, equalized = (_error(_stored(model, balanced=balanced), model) for balanced in (False, True))
    assert equalized < GAINED * plain


def test_it_moves_no_number_and_no_integer(written: Written) -> None:
    model = _layer(written, UNLIKE)
    equalized = model.clone()
    WholeQdq().balance(equalized, [{"x": X}], ORT_QDQ, ())
    assert operators(equalized)["Mul"] == 1
    assert [value.name for value in equalized.graph.outputs] == ["y"]
    y, expected = (ORT_QDQ.runner(each)({"x": X})["y"] for each in (equalized, model))
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-4)
    before, after = (_integers(each) for each in (model, equalized))
    np.testing.assert_array_equal(after, before)


def _integers(model: ir.Model) -> NDArray[np.generic]:
    (weight,) = (
        value.const_value.numpy()
        for value in model.graph.initializers.values()
        if value.const_value is not None and value.const_value.dtype is ir.DataType.INT8
    )
    return weight


@pytest.mark.parametrize(("pattern", "left"), [("*", True), ("layer", True), ("head", False)])
def test_what_a_recipe_leaves_stays(pattern: str, left: bool, written: Written) -> None:
    model = _layer(written, UNLIKE)
    for node in model.graph:
        node.name, node.metadata_props[MODULE] = node.outputs[0].name, "layer"
    WholeQdq().balance(model, [{"x": X}], ORT_QDQ, [("8-bit table", "*"), (UNEQUALIZED.name, pattern)])
    assert ("Mul" not in operators(model)) is left


def test_the_rewrite_that_says_so_changes_nothing_itself(written: Written) -> None:
    assert not apply(UNEQUALIZED, _layer(written, UNLIKE)).sites


@pytest.mark.parametrize("form", [QDQ8, QDQ16], ids=lambda form: form.name)
def test_what_would_gain_little_stays(written: Written, form: object) -> None:
    factors = np.ones(CHANNELS, np.float32) if form is QDQ8 else UNLIKE  # 16 bits are fine enough
    model = _layer(written, factors, form)
    WholeQdq().balance(model, [{"x": X}], ORT_QDQ, ())
    assert "Mul" not in operators(model)


def test_what_a_layer_of_8_bits_reads_stays(written: Written) -> None:
    first, second = (
        Linear(RNG.standard_normal((8, 8)).astype(np.float32) * size, None, reach=(-9.0, 9.0)).settled()
        for size in (np.array([FARTHEST, *[1.0] * 7], np.float32), np.float32(1))
    )

    def write(tape: Tape, values: dict[str, ir.Value]) -> ir.Value:
        return QDQ8.emit(tape, QDQ8.emit(tape, values["x"], first, "first"), second, "second")

    model = written({"x": (ir.DataType.FLOAT, ("rows", 8))}, write)
    WholeQdq().balance(model, [{"x": X}], ORT_QDQ, ())
    assert "Mul" not in operators(model)


def test_a_weight_that_is_no_constant_of_steps_stays(written: Written) -> None:
    def write(tape: Tape, values: dict[str, ir.Value]) -> ir.Value:
        return tape.op("MatMul", [values["x"], embed(tape, np.eye(8, dtype=np.float32), "weight")])

    model = written({"x": (ir.DataType.FLOAT, ("rows", 8))}, write)
    channels = ChannelRange(-UNLIKE, UNLIKE)
    names = [node.outputs[0].name for node in model.graph]
    assert not apply(equalized_product(dict.fromkeys(names, channels)), model).sites


def test_no_channel_gets_a_larger_step_than_one_for_all_would_be_worth() -> None:
    for seed in range(50):
        rng = np.random.default_rng(seed)
        factors = np.exp(rng.normal(0, rng.uniform(0, 3), 16)).astype(np.float32)
        low, high = -rng.uniform(0, 1, 16).astype(np.float32), rng.uniform(0, 1, 16).astype(np.float32)
        channels = ChannelRange(low * factors, high * factors)
        divisor = equalizing(channels)
        if divisor is None:
            continue
        assert divisor.min() >= LEAST_SHARE
        assert divisor.max() == 1
        steps = divisor * ((channels.high / divisor).max() - (channels.low / divisor).min())
        assert np.square(steps).mean() < np.square(channels.high.max() - channels.low.min())


@pytest.mark.parametrize("reach", [0.0, np.inf, np.nan])
def test_what_never_moves_or_is_not_finite_stays(reach: float) -> None:
    assert equalizing(ChannelRange(np.zeros(4, np.float32), np.full(4, reach, np.float32))) is None


def test_ranges_by_channel_hold_all_trials_and_0(written: Written) -> None:
    model = _layer(written, UNLIKE)
    (name,) = [node.outputs[0].name for node in model.graph if node.op_type == "MatMul"]
    ranges = channel_ranges(model, [name], [{"x": X[:9]}, {"x": X[9:]}], ORT_QDQ)[name]
    whole = channel_ranges(model, [name], [{"x": X}], ORT_QDQ)[name]
    np.testing.assert_array_equal(ranges.low, whole.low)
    np.testing.assert_array_equal(ranges.high, whole.high)
    assert (ranges.low <= 0).all()
    assert (ranges.high >= 0).all()
