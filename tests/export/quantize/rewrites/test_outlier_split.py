from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from numpy.typing import NDArray
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import embed, operators
from edgeattn_export.graph.values import channel_factors
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.arithmetic.grid import LARGEST
from edgeattn_export.quantize.forms import FLOAT
from edgeattn_export.quantize.forms.ort_cpu.linear_residual_int8 import RESIDUAL_INT8
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.match import floats, match_linear
from edgeattn_export.quantize.rewrites.outlier_split import split_early
from edgeattn_export.quantize.rewrites.write_linear import Prepared, write_linear

WIDTH, INNER = 16, 24
CLOSE = 1e-3  # of the largest output, at least: what 16-bit activations and the same int8 weights leave

Floats = NDArray[np.float32]
Outliers = Mapping[str, list[int]]  # channels, by the layer that splits them off


def _draw(seed: int, *dims: int) -> Floats:
    return np.random.default_rng(drawn_seed(seed)).standard_normal(dims).astype(np.float32)


def _weight(seed: int, width: int, channels: int) -> Floats:
    """Return a weight that int8 holds exactly, also without a few of its rows."""
    whole = np.random.default_rng(drawn_seed(seed)).integers(-LARGEST, LARGEST + 1, size=(width, channels))
    whole[1] = LARGEST
    return (whole / LARGEST / np.sqrt(width)).astype(np.float32)


@dataclass(frozen=True)
class Blocks:
    """x + act(x V + c) W + b, as often as is said, with the same weights."""

    activation: str = "Gelu"
    attributes: Mapping[str, str] | None = None
    bias: bool = True
    times: int = 1
    shown: str = ""  # "value" or "hidden": what others read too

    def __call__(self) -> ir.Model:
        tape = Tape()
        x = ir.val("x", ir.DataType.FLOAT, (1, "s", WIDTH))
        up, down = embed(tape, _weight(1, WIDTH, INNER), "up"), embed(tape, _weight(2, INNER, WIDTH), "down")
        shift, last = embed(tape, _draw(3, INNER), "shift"), embed(tape, _draw(4, WIDTH), "last")
        y, outputs = x, []
        for i in range(self.times):
            value = self._layer(tape, y, up, shift, f"up{i}")
            hidden = tape.op(self.activation, [value], dict(self.attributes or {}))
            hidden.shape = value.shape
            if self.shown:
                outputs.append(tape.op("Neg", [{"value": value, "hidden": hidden}[self.shown]]))
            y = tape.op("Add", [y, self._layer(tape, hidden, down, last, f"down{i}")])
        outputs.insert(0, y)
        for i, output in enumerate(outputs):
            output.name, output.type = f"output{i}", ir.TensorType(ir.DataType.FLOAT)
        for i, node in enumerate(tape.nodes):
            node.name = node.name or f"node{i}"
        return model_of(tape, [x], outputs)

    def _layer(self, tape: Tape, x: ir.Value, weight: ir.Value, bias: ir.Value, name: str) -> ir.Value:
        product = tape.op("MatMul", [x, weight], name=name)
        product.shape = ir.Shape((1, "s", int(str(weight.shape[1]))))
        return tape.op("Add", [product, bias]) if self.bias else product


def _prepared(model: ir.Model, outliers: Outliers, divided: str = "") -> dict[str, Prepared]:
    """Return all layers in a form of exact activations, some with outlier channels, one of them divided."""
    found = {}
    for node in model.graph:
        match = match_linear(node)
        if match is None or node.name is None:
            continue
        linear = Linear(match.array, None if match.bias is None else floats(match.bias), paired=True)
        channels = outliers.get(node.name.rstrip("0123456789"))
        if channels is not None:
            weight = linear.weight.copy()
            weight[channels] = 0
            few = linear.weight[channels]
            linear = replace(linear, weight=weight, outliers=np.array(channels), outlier_weight=few)
        if node.name.startswith(divided or "none"):
            width = len(linear.weight)
            divisor = np.full(width, 2, np.float32) if divided == "up" else np.exp(_draw(5, width))
            linear = replace(linear, weight=linear.weight * divisor[:, None], divisor=divisor)
        found[node.name] = Prepared(RESIDUAL_INT8, linear.settled())
    return found


def _answers(
    model: ir.Model, prepared: Mapping[str, Prepared] | None = None
) -> dict[str, NDArray[np.generic]]:
    if prepared is not None:
        apply(write_linear(prepared), model)
    return ORT_CPU.runner(model)({"x": _draw(6, 1, 7, WIDTH)})


def _assert_close(
    found: Mapping[str, Floats], gathered: Mapping[str, Floats], exact: Mapping[str, Floats]
) -> None:
    """Assert that two int8 graphs differ by less than the gathered one does from float, or by ``CLOSE``."""
    for name, value in exact.items():
        lost = np.abs(gathered[name] - value).max()
        assert np.abs(found[name] - gathered[name]).max() < max(lost, CLOSE * np.abs(value).max()), name


DOWN: Outliers = {"down": [3, 7, 20]}
BOTH: Outliers = {"up": [0, 5], **DOWN}


@pytest.mark.parametrize(
    ("build", "outliers", "divided"),
    [
        (Blocks(), DOWN, ""),
        (Blocks(bias=False), DOWN, ""),
        (Blocks("Relu"), DOWN, ""),
        (Blocks(attributes={"approximate": "tanh"}), DOWN, ""),
        (Blocks(), DOWN, "down"),
        (Blocks(), DOWN, "up"),
        (Blocks(), BOTH, ""),
        (Blocks(times=3), BOTH, "down"),  # the same weights again and again
    ],
)
def test_the_answer_stays_and_the_gather_goes(
    build: Callable[[], ir.Model], outliers: Outliers, divided: str
) -> None:
    gathered, model = build(), build()
    exact = _answers(build())
    expected = _answers(gathered, _prepared(gathered, outliers, divided))
    prepared = split_early(model, _prepared(model, outliers, divided))
    assert all(layer.linear.outliers is None for name, layer in prepared.items() if name.startswith("down"))
    found = _answers(model, prepared)
    missing = operators(gathered)["Gather"] - operators(model).get("Gather", 0)
    assert missing == sum(name.startswith("down") for name in prepared)
    _assert_close(found, expected, exact)


def test_the_int8_product_sees_zeros() -> None:
    model = Blocks()()
    prepared = split_early(model, _prepared(model, BOTH))
    up = prepared["up0"].linear
    for values in (up.weight, up.rounded, up.bias[None], up.outlier_weight):
        assert not values[:, DOWN["down"]].any()
    assert prepared["down0"].outliers is not None


def test_the_zeros_are_noted_before_and_behind_the_activation() -> None:
    model = Blocks()()
    split_early(model, _prepared(model, DOWN))
    notes = channel_factors(model)
    assert len(notes) == 2
    for factor in notes.values():
        assert np.flatnonzero(factor == 0).tolist() == DOWN["down"]
        assert (factor != 0).sum() == (factor == 1).sum()


@pytest.mark.parametrize(
    "build", [Blocks("Sigmoid"), Blocks(shown="value"), Blocks(shown="hidden")], ids=lambda build: str(build)
)
def test_where_it_is_not_exact_they_are_gathered(build: Callable[[], ir.Model]) -> None:
    model = build()
    before = operators(model)
    prepared = _prepared(model, DOWN)
    assert split_early(model, prepared) == prepared
    assert operators(model) == before


def test_a_float_layer_before_gives_its_channels_too() -> None:
    gathered, model = Blocks()(), Blocks()()
    prepared = {name: _prepared(each, DOWN) for name, each in (("gathered", gathered), ("model", model))}
    for found in prepared.values():
        del found["up0"]
    exact, expected = _answers(Blocks()()), _answers(gathered, prepared["gathered"])
    early = split_early(model, prepared["model"])
    assert early["up0"].form is FLOAT
    assert early["down0"].linear.outliers is None
    found = _answers(model, early)
    assert "Gather" not in operators(model)
    _assert_close(found, expected, exact)


def test_an_input_of_the_graph_and_a_sum_are_gathered_from() -> None:
    model = Blocks(times=2)()
    prepared = _prepared(model, {"up": [1]})
    assert split_early(model, prepared) == prepared
    assert operators(model)["MatMul"] == 4


def test_a_layer_that_gains_split_channels_itself_is_no_origin() -> None:
    tape = Tape()
    value = x = ir.val("x", ir.DataType.FLOAT, (1, "s", WIDTH))
    for i in range(3):
        product = tape.op(
            "MatMul", [value, embed(tape, _weight(i, WIDTH, WIDTH), f"weight{i}")], name=f"in{i}"
        )
        product.shape = ir.Shape((1, "s", WIDTH))
        value = tape.op("Relu", [product], name=f"relu{i}")
    value.name, value.type = "y", ir.TensorType(ir.DataType.FLOAT)
    model = model_of(tape, [x], [value])
    plain = model.clone()
    exact, expected = _answers(model.clone()), _answers(plain, _prepared(plain, {"in": [2, 4]}))
    found = _answers(model, split_early(model, _prepared(model, {"in": [2, 4]})))
    _assert_close(found, expected, exact)
