from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest

from edgeattn_export.capture import Captured
from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.values import with_outputs
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Calibration
from edgeattn_export.quantize.calibration import own_inputs as own_inputs_module
from edgeattn_export.quantize.calibration.own_inputs import OwnInputs
from edgeattn_export.quantize.forms import FLOAT
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.match import Layer, floats, match_linear
from edgeattn_export.quantize.layers.statistics import Statistics
from edgeattn_export.quantize.quantize import written
from edgeattn_export.quantize.recipes.recipe import Recipe, Treatment
from edgeattn_export.quantize.rewrites.write_linear import Prepared, write_linear
from edgeattn_export.recover import Recovered
from edgeattn_export.targets.cpu import CANDIDATES, FORMS

SUMS = 1e-4  # of the largest number: what float32 sums in another order
BETTER = 0.5  # of the error of rounding to the nearest, at most
EMBEDDED = (("int4 rows", "*"), ("gelu tanh", "*"))

Calibrated = Callable[[ir.Model, Samples], Calibration]
Layers = tuple[Captured, Samples, Recovered]


@pytest.fixture
def calibration(layers: Layers, calibrated: Calibrated) -> Calibration:
    return calibrated(layers[2].model, layers[1])


def _rounded(calibration: Calibration, layer: Layer) -> Linear:
    (match,) = (match_linear(node) for node in calibration.model.graph if node.name == layer.node)
    return Linear(match.array, None if match.bias is None else floats(match.bias)).settled()


def _of_all(treatment: Treatment, first: Treatment | None = None) -> Recipe:
    patterns = (("*", treatment), *((("biased", first),) if first else ()))
    return Recipe("", patterns, tuple(name for name, _ in EMBEDDED))


def _careful(calibration: Calibration, recipe: Recipe) -> dict[str, Linear]:
    treated = [(layer, recipe.treatment(layer.name)) for layer in calibration.layers]
    return calibration.linears(treated, tuple(recipe.placed_rewrites()))


def test_each_layer_is_treated_by_what_the_treated_network_gives_it(calibration: Calibration) -> None:
    noted: dict[str, Statistics] = {}

    def treat(layer: Layer, statistics: Statistics) -> Linear:
        noted[layer.name] = statistics
        return _rounded(calibration, layer)

    layers = calibration.layers
    order = OwnInputs(calibration.model, calibration.samples, ORT_CPU, FORMS, layers)
    linears = order.treated({}, EMBEDDED[:1], {layer.name: treat for layer in layers})
    assert linears.keys() == {layer.name for layer in layers}
    assert len(noted) == len({layer.weight for layer in layers})  # a shared weight stays one

    whole = calibration.model.clone()
    apply(FORMS.rewrites["int4 rows"], whole)
    prepared = {layer.node: Prepared(FLOAT, linears[layer.name].as_float()) for layer in layers}
    apply(write_linear(prepared), whole)
    values = {layer.x for layer in layers}
    own, in_float = (ORT_CPU.runner(with_outputs(model, values)) for model in (whole, calibration.model))
    answers = [(own(sample.inputs), in_float(sample.inputs)) for sample in calibration.samples]
    for layer in layers:
        if layer.name in noted:
            x, f = (
                np.concatenate([each[i][layer.x].reshape(-1, layer.width) for each in answers])
                for i in range(2)
            )
            statistics = noted[layer.name]
            np.testing.assert_allclose(statistics.gram, x.T @ x, atol=SUMS * np.square(x).sum(0).max())
            np.testing.assert_allclose(
                statistics.reference.cross, x.T @ f, atol=SUMS * np.square(x).sum(0).max()
            )
            np.testing.assert_allclose(statistics.reference.mean, f.mean(0), atol=SUMS * np.abs(f).max())


def test_careful_techniques_lower_the_error_in_the_written_graph(calibration: Calibration) -> None:
    run = ORT_CPU.runner(calibration.model)
    errors = []
    for techniques in ((), CANDIDATES.careful):
        recipe = _of_all(Treatment("int4 blocks", techniques))
        answer = ORT_CPU.runner(written(calibration, recipe))
        moved = [
            np.square(answer(sample.inputs)[name] - value).sum() / np.square(value).sum()
            for sample in calibration.samples
            for name, value in run(sample.inputs).items()
            if name != "words.output"
        ]
        errors.append(np.mean(moved))
    assert errors[1] < BETTER * errors[0]


def test_a_layer_depends_on_the_treatments_before_it(calibration: Calibration) -> None:
    careful = Treatment("int4 blocks", CANDIDATES.careful)
    before, after = (_careful(calibration, _of_all(careful, first)) for first in (careful, Treatment("int8")))
    assert after["flat"] is not before["flat"]
    assert after["shared"] is before["shared"]  # its weight meets two inputs, and is fitted to neither


def test_what_is_made_once_is_kept(calibration: Calibration, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = _of_all(Treatment("int4 blocks", CANDIDATES.careful))
    made = _careful(calibration, recipe)
    monkeypatch.setattr(own_inputs_module, "Walk", None)
    again = _careful(calibration, recipe)
    assert all(again[name] is linear for name, linear in made.items())


def test_other_layers_keep_the_float_graph_s_inputs(calibration: Calibration) -> None:
    plain = Treatment("int8", (("rounding", 0.1),))
    alone = _careful(calibration, _of_all(plain))
    beside = _careful(calibration, _of_all(Treatment("int4 blocks", CANDIDATES.careful), plain))
    np.testing.assert_array_equal(beside["biased"].stored, alone["biased"].stored)


def test_a_layer_alone_is_rounded_as_by_the_float_graph(calibration: Calibration) -> None:
    for layer in calibration.layers:
        fitted, rounded = (
            calibration.linears([(layer, Treatment("int4 blocks", techniques))])[layer.name]
            for techniques in (CANDIDATES.careful, CANDIDATES.careful[1:])
        )
        assert fitted is rounded
