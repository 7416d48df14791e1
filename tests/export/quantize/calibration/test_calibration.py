from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.capture import Captured
from edgeattn_export.graph.dataflow import embed
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.files import serialize
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.scopes import MODULE
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Calibration, Quantized, Recipe, Treatment, quantize
from edgeattn_export.quantize.calibration import layer_statistics, rounded_layers
from edgeattn_export.quantize.layers import statistics
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.statistics import Statistics
from edgeattn_export.quantize.techniques import TECHNIQUES
from edgeattn_export.quantize.techniques.smoothing import smooth
from edgeattn_export.recover import Recovered
from edgeattn_export.targets.cpu import DYNAMIC_INT8, FORMS
from edgeattn_runtime.errors import QuantizeError

STEP = 0.02  # of the output's scale: two or three int8 steps of an activation
ALL = (("smoothing", 0.5), ("clipping", 0.9), ("rounding", 0.05), ("bias correction", 1.0))
WEIGHT = np.random.default_rng(drawn_seed(0)).standard_normal((8, 8)).astype(np.float32)
X = np.random.default_rng(drawn_seed(1)).standard_normal((10, 8)).astype(np.float32)
TREATED = Treatment("int8", (("smoothing", 0.5), ("rounding", 0.05)))

Calibrated = Callable[[ir.Model, Samples], Calibration]
Layers = tuple[Captured, Samples, Recovered]


def _recipe(treatment: Treatment) -> Recipe:
    return Recipe("", (("*", treatment),), DYNAMIC_INT8.rewrites)


@pytest.fixture(scope="module")
def treated(layers: Layers, calibrated: Calibrated) -> Quantized:
    """The layers in int8, smoothed and rounded by their output."""
    return quantize(calibrated(layers[2].model, layers[1]), _recipe(TREATED))


@pytest.mark.parametrize("output", ["biased", "unbiased", "flat", "tied", "shared", "offset"])
def test_treated_layers_answer_close_to_pytorch(
    output: str, layers: Layers, treated: Quantized, scaled_error: Callable[..., float]
) -> None:
    captured, samples, _ = layers
    name = f"{output}.output"
    for sample in samples:
        expected = captured.reference(sample.inputs)[name]
        found = ORT_CPU.runner(treated.model)(sample.inputs)[name]
        assert 0 < scaled_error({name: expected}, {name: found}) < STEP


def test_a_weight_that_layers_share_stays_one(treated: Quantized) -> None:
    stored = [v for v in treated.model.graph.initializers.values() if v.dtype is ir.DataType.INT8]
    dims = [tuple(value.shape) for value in stored]
    assert dims.count((32, 32)) == 1  # first and second, each with a bias of its own
    assert dims.count((192, 192)) == 1  # one layer, called twice
    floats = [v for v in treated.model.graph.initializers.values() if v.dtype is ir.DataType.FLOAT]
    assert not [v.name for v in floats if tuple(v.shape) in {(32, 32), (192, 192)}]


def test_layers_that_share_a_weight_share_its_statistics_but_not_a_bias(
    layers: Layers, calibrated: Calibrated
) -> None:
    captured, samples, recovered = layers
    known = calibrated(recovered.model, samples)
    every = (*TREATED.techniques, ("bias correction", 1.0))
    linears = known.linears((layer, Treatment("int8", every)) for layer in known.layers)
    first, second = linears["first"], linears["second"]
    np.testing.assert_array_equal(first.rounded, second.rounded)
    np.testing.assert_array_equal(first.divisor, second.divisor)
    module = captured.reference.module
    moved, other = (
        first.bias - module.first.bias.detach().numpy(),
        second.bias - module.second.bias.detach().numpy(),
    )
    np.testing.assert_allclose(moved, other, atol=1e-6)
    assert np.abs(moved).max() > 1e-6
    assert linears["shared"] is linears["shared#2"]


@pytest.fixture
def tied(rows: Callable[..., Samples], calibrated: Calibrated) -> Calibration:
    """relu(x W + 1) W + 2, whose two layers are called first and second."""
    tape = Tape()
    x, y = (ir.val(name, ir.DataType.FLOAT, ("batch", "sequence", 8)) for name in ("x", "y"))
    products = [ir.val(name, ir.DataType.FLOAT, ("batch", "sequence", 8)) for name in ("xw", "hw")]
    weight, one, two = (
        embed(tape, array, name)
        for array, name in ((WEIGHT, "weight"), (np.full(8, 1, np.float32), "b1"), (2 * WEIGHT[0], "b2"))
    )
    first, second = ({"name": name, "metadata_props": {MODULE: name}} for name in ("first", "second"))
    tape.op("MatMul", [x, weight], output=products[0], **first)
    hidden = tape.op("Relu", [tape.op("Add", [products[0], one])])
    tape.op("MatMul", [hidden, weight], output=products[1], **second)
    tape.op("Add", [products[1], two], output=y)
    return calibrated(model_of(tape, [x], [y]), rows(X[:6], X[6:]))


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The values that each run over the samples looks at, while a test lasts."""
    seen: list[list[str]] = []

    def counted(
        model: ir.Model, values: Iterable[statistics.Rows], samples: Samples, engine: Engine, **wanted: bool
    ) -> dict[statistics.Rows, Statistics]:
        looked_at = list(values)
        seen.append([name for name, _ in looked_at])
        return statistics.calibrate(model, looked_at, samples, engine, **wanted)

    monkeypatch.setattr(layer_statistics, "calibrate", counted)
    return seen


def _all_of(known: Calibration, treatment: Treatment) -> dict[str, Linear]:
    return known.linears((layer, treatment) for layer in known.layers)


def test_statistics_are_of_all_inputs_that_meet_a_weight(
    tied: Calibration, known: Callable[..., Statistics]
) -> None:
    hidden = np.maximum(X @ WEIGHT + 1, 0)
    expected = smooth(Linear(WEIGHT, None), known(X).joined(known(hidden)), 0.5)
    linears = _all_of(tied, Treatment("int8", (("smoothing", 0.5),)))
    for linear in linears.values():
        np.testing.assert_allclose(linear.divisor, expected.divisor, rtol=1e-5)
        np.testing.assert_allclose(linear.weight, expected.weight, rtol=1e-5)
    np.testing.assert_array_equal(linears["first"].bias, np.ones(8))
    np.testing.assert_array_equal(linears["second"].bias, 2 * WEIGHT[0])


def test_techniques_come_in_their_order(tied: Calibration, known: Callable[..., Statistics]) -> None:
    seen = known(X).joined(known(np.maximum(X @ WEIGHT + 1, 0)))
    expected = Linear(WEIGHT, np.ones(8, np.float32), paired=True)
    for name, number in ALL:
        expected = TECHNIQUES[name](expected, seen, number)
    found = _all_of(tied, Treatment("int8", ALL))["first"]
    np.testing.assert_array_equal(found.rounded, expected.rounded)
    np.testing.assert_allclose(found.steps, expected.steps, rtol=1e-5)
    np.testing.assert_allclose(found.bias, expected.bias, rtol=1e-4, atol=1e-5)


def test_each_thing_is_learned_once(tied: Calibration, passes: list[list[str]]) -> None:
    before = serialize(tied.model)
    _all_of(tied, Treatment("int8"))
    _all_of(tied, Treatment("residual int8"))
    assert passes == []  # nothing needs a sample
    for exponent in (0.5, 0.6):
        _all_of(tied, Treatment("int8", (("smoothing", exponent),)))
    assert len(passes) == 1
    once, again = (_all_of(tied, TREATED) for _ in range(2))
    assert len(passes) == 2  # the second gathers Gram matrices
    assert all(once[name] is again[name] for name in once)
    assert serialize(tied.model) == before


def test_histograms_come_with_the_first_pass_that_needs_them(
    tied: Calibration, passes: list[list[str]]
) -> None:
    ranged = Treatment("int8 static", (("smoothing", 0.5), ("percentile range", 0.9), ("rounding", 0.05)))
    first = _all_of(tied, ranged)
    _all_of(tied, TREATED)
    assert len(passes) == 1
    whole = _all_of(tied, Treatment("int8 static", (("smoothing", 0.5), ("rounding", 0.05))))
    assert len(passes) == 1
    for name, linear in first.items():
        assert linear.reach[1] < whole[name].reach[1]


def test_histograms_take_a_pass_of_their_own_where_none_was_needed_before(
    tied: Calibration, passes: list[list[str]]
) -> None:
    _all_of(tied, TREATED)
    _all_of(tied, Treatment("int8 static", (("entropy range", 0.3),)))
    _all_of(tied, Treatment("int8 static", (("least-error range", 0.3),)))
    assert len(passes) == 2


def test_memory_for_one_matrix_at_a_time_is_enough(
    layers: Layers, calibrated: Calibrated, passes: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, samples, recovered = layers
    whole = _all_of(calibrated(recovered.model, samples), TREATED)
    assert len(passes) == 1
    monkeypatch.setattr(statistics, "GRAM_BYTES", 1)
    known = calibrated(recovered.model, samples)
    split = _all_of(known, TREATED)
    assert len(passes) - 1 == len({layer.weight for layer in known.layers})
    assert split.keys() == whole.keys()
    for name, linear in split.items():
        np.testing.assert_array_equal(linear.rounded, whole[name].rounded)
        np.testing.assert_array_equal(linear.divisor, whole[name].divisor)


def test_the_newest_rounded_layers_are_kept(tied: Calibration, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounded_layers, "ROUNDED_BYTES", 3 * WEIGHT.nbytes)  # two layers, smoothed and stored
    older = Treatment("int8", (("smoothing", 0.6), ("rounding", 0.05)))
    before, _ = _all_of(tied, older), _all_of(tied, TREATED)
    newest = _all_of(tied, TREATED)
    assert all(linear is newest[name] for name, linear in _all_of(tied, TREATED).items())
    again = _all_of(tied, older)
    assert not any(linear is before[name] for name, linear in again.items())
    for name, linear in again.items():
        np.testing.assert_array_equal(linear.rounded, before[name].rounded)


@pytest.mark.parametrize("techniques", [(), ALL, *((item,) for item in ALL)])
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_weights_that_are_not_finite_name_the_module(
    value: float,
    techniques: tuple[tuple[str, float], ...],
    by_hand: Callable[..., ir.Model],
    rows: Callable[..., Samples],
    calibrated: Calibrated,
) -> None:
    weight = WEIGHT.copy()
    weight[1, 2] = value
    known = calibrated(by_hand(weight), rows(X, X))
    with pytest.raises(QuantizeError, match=r"^layer 'encoder\.linear': .*NaN"):
        _all_of(known, Treatment("int8", techniques))


@pytest.mark.parametrize("techniques", [(), ALL])
@pytest.mark.parametrize("form", [form.name for form in FORMS.linears])
def test_a_layer_of_zeros_answers_its_bias(
    form: str,
    techniques: tuple[tuple[str, float], ...],
    by_hand: Callable[..., ir.Model],
    rows: Callable[..., Samples],
    calibrated: Calibrated,
) -> None:
    bias = np.arange(5, dtype=np.float32)
    samples = rows(*np.random.default_rng(drawn_seed(3)).standard_normal((2, 4, 64)).astype(np.float32))
    known = calibrated(by_hand(np.zeros((64, 5), np.float32), bias), samples)
    made = quantize(known, Recipe("", (("*", Treatment(form, techniques)),), ()))
    assert [layer.form for layer in made.layers] == [form]
    found = ORT_CPU.runner(made.model)(samples[0].inputs)["y"]
    np.testing.assert_array_equal(found[0], np.broadcast_to(bias, (4, 5)))
