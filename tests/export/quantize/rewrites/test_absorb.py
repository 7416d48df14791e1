from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from numpy.typing import NDArray
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import embed, operators
from edgeattn_export.graph.values import channel_factors, with_outputs
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.forms.ort_cpu.linear_residual_int8 import RESIDUAL_INT8
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.match import find_layers, floats, match_linear
from edgeattn_export.quantize.rewrites.absorb import absorb
from edgeattn_export.quantize.rewrites.write_linear import Prepared, write_linear

WIDTH, HEADS = 16, 2
CLOSE = 1e-3  # of the largest output: of what 16-bit activations and the same int8 weights leave

Floats = NDArray[np.float32]


def _draw(seed: int, *dims: int) -> Floats:
    return np.random.default_rng(drawn_seed(seed)).standard_normal(dims).astype(np.float32)


def _linear(tape: Tape, x: ir.Value, name: str, seed: int, width: int = WIDTH) -> ir.Value:
    product = tape.op("MatMul", [x, embed(tape, _draw(seed, WIDTH, width), f"{name}.weight")], name=name)
    product.shape = ir.Shape((1, "s", width))
    return tape.op("Add", [product, embed(tape, _draw(seed + 1, width), f"{name}.bias")])


def _normed(tape: Tape, x: ir.Value, op_type: str) -> ir.Value:
    parameters = [embed(tape, _draw(1, WIDTH), "scale"), embed(tape, _draw(2, WIDTH), "shift")]
    return tape.op(op_type, [x, *parameters[: 2 if op_type == "LayerNormalization" else 1]])


def _attended(
    tape: Tape, x: ir.Value, key_value_heads: int = HEADS, *, merged: bool, shown: bool = False
) -> list[ir.Value]:
    width = WIDTH * key_value_heads // HEADS
    if merged:
        sizes = embed(tape, np.array([WIDTH, width, width]), "sizes")
        whole = _linear(tape, x, "projections", 3, WIDTH + 2 * width)
        parts = list(tape.op_multi_out("Split", [whole, sizes], {"axis": -1}, num_outputs=3))
    else:
        parts = [
            _linear(tape, x, name, 2 * i, size)
            for i, (name, size) in enumerate({"query": WIDTH, "key": width, "value": width}.items(), start=2)
        ]
    heads = {"q_num_heads": HEADS, "kv_num_heads": key_value_heads}
    mixed = tape.op("Attention", parts, heads)
    return [_linear(tape, mixed, "output", 20), *([parts[2]] if shown else [])]


GRAPHS = {
    "layer norm": lambda tape, x: [_linear(tape, _normed(tape, x, "LayerNormalization"), "output", 20)],
    "RMS norm": lambda tape, x: [_linear(tape, _normed(tape, x, "RMSNormalization"), "output", 20)],
    "values": lambda tape, x: _attended(tape, x, merged=False),
    "merged values": lambda tape, x: _attended(tape, x, merged=True),
}


def _of_two(tape: Tape, x: ir.Value) -> list[ir.Value]:
    normed = _normed(tape, x, "LayerNormalization")
    return [_linear(tape, normed, "output", 20), tape.op("Neg", [normed])]


OTHERS = {
    "an input of the graph": lambda tape, x: [_linear(tape, x, "output", 20)],
    "another operator": lambda tape, x: [_linear(tape, tape.op("Gelu", [x]), "output", 20)],
    "a norm that others read": _of_two,
    "values that are shown": lambda tape, x: _attended(tape, x, merged=False, shown=True),
    "fewer values than queries": lambda tape, x: _attended(tape, x, 1, merged=False),
}


def _model(graph: str) -> ir.Model:
    tape = Tape()
    x = ir.val("x", ir.DataType.FLOAT, (1, "s", WIDTH))
    outputs = (GRAPHS | OTHERS)[graph](tape, x)
    for index, output in enumerate(outputs):
        output.name, output.type = f"output{index}", ir.TensorType(ir.DataType.FLOAT)
    for index, node in enumerate(tape.nodes):
        node.name = node.name or f"node{index}"
    return model_of(tape, [x], outputs)


def _prepared(model: ir.Model) -> dict[str, Prepared]:
    """Return all layers in a form of exact activations, the last one smoothed."""
    found = {}
    for layer in find_layers(model):
        node = next(node for node in model.graph if node.name == layer.node)
        match = match_linear(node)
        linear = Linear(match.array, floats(match.bias), paired=True)
        if layer.node == "output":
            divisor = np.exp(_draw(30, WIDTH))
            linear = replace(linear, weight=linear.weight * divisor[:, None], divisor=divisor)
        found[layer.node] = Prepared(RESIDUAL_INT8, linear.settled())
    return found


def _answers(model: ir.Model, prepared: Mapping[str, Prepared]) -> dict[str, NDArray[np.generic]]:
    apply(write_linear(prepared), model)
    return ORT_CPU.runner(model)({"x": _draw(40, 1, 7, WIDTH)})


@pytest.mark.parametrize("graph", GRAPHS)
def test_the_answer_stays_and_the_division_goes(graph: str) -> None:
    _agrees(graph, lambda prepared: prepared)
    model = _model(graph)
    prepared = absorb(model, _prepared(model))
    assert all(layer.linear.divisor is None for layer in prepared.values())
    _answers(model, prepared)
    assert "Mul" not in operators(model)


@pytest.mark.parametrize("graph", GRAPHS)
def test_what_comes_divided_is_noted(graph: str) -> None:
    plain, model = _model(graph), _model(graph)
    layers = _prepared(model)
    divisor = layers["output"].linear.divisor
    absorbed = absorb(model, layers)
    notes = channel_factors(model)
    assert len(notes) == (2 if "values" in graph else 1)  # the values, and what the attention makes of them
    expected, found = _shown(plain, _prepared(plain), notes), _shown(model, absorbed, notes)
    for name, factor in notes.items():
        np.testing.assert_allclose(factor, 1 / divisor, rtol=1e-6)
        assert np.abs(found[name] - expected[name] * factor).max() < CLOSE * np.abs(found[name]).max()


def _shown(
    model: ir.Model, prepared: Mapping[str, Prepared], names: Iterable[str]
) -> dict[str, NDArray[np.generic]]:
    apply(write_linear(prepared), model)
    return ORT_CPU.runner(with_outputs(model, names))({"x": _draw(40, 1, 7, WIDTH)})


@pytest.mark.parametrize("graph", ["values", "merged values"])
def test_a_float_projection_absorbs_too(graph: str) -> None:
    def alone(prepared: dict[str, Prepared]) -> dict[str, Prepared]:
        return {"output": prepared["output"]}

    _agrees(graph, alone)
    model = _model(graph)
    assert absorb(model, alone(_prepared(model)))["output"].linear.divisor is None


@pytest.mark.parametrize("graph", OTHERS)
def test_what_cannot_absorb_is_left(graph: str) -> None:
    model = _model(graph)
    prepared = _prepared(model)
    assert absorb(model, prepared) == prepared
    assert _answers(model, prepared).keys() == {value.name for value in model.graph.outputs}


def _agrees(graph: str, taken: Callable[[dict[str, Prepared]], dict[str, Prepared]]) -> None:
    divided, model = _model(graph), _model(graph)
    expected = _answers(divided, taken(_prepared(divided)))
    found = _answers(model, absorb(model, taken(_prepared(model))))
    for name, value in expected.items():
        assert np.abs(found[name] - value).max() < CLOSE * np.abs(value).max()


@pytest.mark.parametrize("graph", GRAPHS)
def test_outlier_channels_stay_what_they_were(graph: str) -> None:
    outliers = np.array([2, 9])

    def taken(prepared: dict[str, Prepared]) -> dict[str, Prepared]:
        linear = prepared["output"].linear
        weight, divisor = linear.weight.copy(), linear.divisor
        few = weight[outliers] / divisor[outliers, None]
        weight[outliers] = 0
        changed = replace(
            linear, weight=weight, stored=None, scale=None, outliers=outliers, outlier_weight=few
        )
        return prepared | {"output": replace(prepared["output"], linear=changed.settled())}

    _agrees(graph, taken)


@pytest.mark.parametrize("graph", GRAPHS)
def test_copies_keep_their_own_share(graph: str) -> None:
    copies = np.array([2, 9])

    def taken(prepared: dict[str, Prepared]) -> dict[str, Prepared]:
        linear = prepared["output"].linear
        divisor = np.concatenate([linear.divisor, linear.divisor[copies] / 0.3]).astype(np.float32)
        divisor[copies] /= 0.7
        weight = np.concatenate([linear.weight, linear.weight[copies]])
        changed = replace(linear, weight=weight, stored=None, scale=None, divisor=divisor, copies=copies)
        return prepared | {"output": replace(prepared["output"], linear=changed.settled())}

    _agrees(graph, taken)
