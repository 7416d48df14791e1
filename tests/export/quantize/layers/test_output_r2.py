"""R² of a layer's output: what a direction hides, and values that do not vary."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from numpy.typing import ArrayLike
from onnx_ir.tape import Tape
from sklearn.metrics import r2_score
from tapes import model_of

from edgeattn_export.capture import Captured
from edgeattn_export.graph.dataflow import embed
from edgeattn_export.graph.files import serialize
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.layers.output_r2 import Comparison, layer_r2
from edgeattn_export.quantize.quantize import float_layers
from edgeattn_export.recover import Recovered

RNG = np.random.default_rng(drawn_seed(0))
CHANNELS = 8
ARRAYS = [RNG.normal(size=(n, CHANNELS)).astype(np.float32) for n in (20, 30, 50)]
SAMPLES = Samples(tuple(Sample({"x": array}) for array in ARRAYS))
SMALL = np.array([300.0] * 7 + [40.0])  # times x: its last channel varies by little


def scaled(scale: ArrayLike, offset: ArrayLike) -> ir.Model:
    """Return scale * x + offset as a linear layer."""
    tape, floats = Tape(), ir.TensorType(ir.DataType.FLOAT)
    x = ir.Value(name="x", type=floats, shape=ir.Shape(["n", CHANNELS]))
    weight = np.diag(np.broadcast_to(np.float32(scale), CHANNELS))
    bias = np.broadcast_to(np.float32(offset), CHANNELS)
    y = tape.op("Gemm", [x, embed(tape, weight.copy(), "weight"), embed(tape, bias.copy(), "bias")])
    y.name, y.type, y.shape = "y", floats, x.shape
    return model_of(tape, [x], [y])


def r2_of(right: ir.Model, wrong: ir.Model, samples: Samples = SAMPLES) -> float | None:
    return layer_r2(right, wrong, ["y"], samples, ORT_CPU)["y"]


@pytest.mark.parametrize(
    ("right", "wrong", "at_most"),
    [
        pytest.param((1, 0), (0.5, 0), 0.76, id="its length"),
        pytest.param((1, 20), (1, 22), -2, id="its offset"),
        pytest.param((1, 20), (-1, 20), -2, id="its sign"),
        pytest.param((SMALL, 0), (np.where(SMALL < 300, 0, SMALL), 0), 0.88, id="one small channel"),
    ],
)
def test_what_a_layer_lost_shows_where_its_direction_stays(
    right: tuple[ArrayLike, float], wrong: tuple[ArrayLike, float], at_most: float
) -> None:
    found = r2_of(scaled(*right), scaled(*wrong))
    assert found <= at_most


def test_it_is_the_r2_of_scikit_learn_over_all_samples() -> None:
    offset = 3 * RNG.normal(size=CHANNELS)
    rows, wrong = np.concatenate(ARRAYS), 0.9 * np.concatenate(ARRAYS) + 1
    expected = r2_score(rows + offset, wrong + offset, multioutput="uniform_average")
    assert r2_of(scaled(1, offset), scaled(0.9, 1 + offset)) == pytest.approx(expected, abs=1e-5)


def test_a_graph_compared_with_itself(layers: tuple[Captured, Samples, Recovered]) -> None:
    _, samples, recovered = layers
    before = serialize(recovered.model)
    names = [name for _, name in float_layers(recovered.model, recovered.model)]
    assert len(set(names)) == len(names) >= 8
    found = layer_r2(recovered.model, recovered.model, [*names, "no such value"], samples, ORT_CPU)
    assert found == dict.fromkeys(names, 1.0)
    assert serialize(recovered.model) == before


def test_what_does_not_vary_has_none_unless_it_is_the_same() -> None:
    assert r2_of(scaled(0, 5), scaled(0, 5.1)) is None
    assert r2_of(scaled(0, 5), scaled(0, 5)) == 1


def test_channels_lie_along_the_axis_and_positions_are_pooled() -> None:
    maps = RNG.normal(size=(3, 2, 50)) * np.array([[1.0], [100.0]])
    lost = maps * np.array([[0.0], [1.0]])  # the small one of two channels
    for axis, expected in ((1, 0.5), (None, 1.0)):
        assert Comparison.of(maps, lost, axis).r2 == pytest.approx(expected, abs=0.02)


def test_a_nan_or_infinity_counts_where_one_alone_has_it() -> None:
    row = np.array([[1.0], [-1.0], [np.inf], [np.nan]])
    assert Comparison.of(row, row, 1).r2 == 1
    for lost in (np.nan, np.inf, -np.inf):
        found = Comparison.of(row, np.array([[1.0], [lost], [np.inf], [np.nan]]), 1).r2
        assert found < -1e5
