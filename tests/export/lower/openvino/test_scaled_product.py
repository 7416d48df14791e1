from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import onnx_ir as ir
import pytest
from onnx_ir.tape import Tape

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import embed, operators
from edgeattn_export.lower.openvino.scaled_product import ScaledProduct
from edgeattn_export.lower.ort_cpu import ORT_QDQ

X = {"x": np.random.default_rng(1).normal(size=(1, 5, 16)).astype(np.float32)}

Layer = Callable[..., ir.Value]
Build = Callable[[Callable[[Tape, ir.Value], Sequence[ir.Value]]], ir.Model]


def _times(tape: Tape, value: ir.Value, factor: float | list[float], *, last: bool = True) -> ir.Value:
    number = embed(tape, np.array(factor, np.float32), "factor")
    return tape.op("Mul", [value, number] if last else [number, value])


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("last", [True, False])
def test_the_steps_are_scaled_and_the_integers_stay(
    bias: bool, last: bool, layer: Layer, graph: Build
) -> None:
    model = graph(lambda tape, x: [_times(tape, layer(tape, x, "query", 8, bias=bias), 0.3, last=last)])
    before = ORT_QDQ.runner(model)(X)["y0"]
    stored = model.graph.initializers["query.int8"]
    assert len(apply(ScaledProduct(), model).sites) == 1
    assert "Mul" not in operators(model)
    assert model.graph.initializers["query.int8"] is stored
    np.testing.assert_allclose(
        ORT_QDQ.runner(model)(X)["y0"], before, rtol=0, atol=1e-6 * np.abs(before).max()
    )


def _shown(tape: Tape, x: ir.Value, layer: Layer) -> list[ir.Value]:
    product = layer(tape, x, "w", 8)
    return [_times(tape, product, 0.3), product]


OTHERS: dict[str, Callable[[Tape, ir.Value, Layer], Sequence[ir.Value]]] = {
    "float input": lambda tape, x, layer: [_times(tape, layer(tape, x, "w", 8, stored=False), 0.3)],
    "negative": lambda tape, x, layer: [_times(tape, layer(tape, x, "w", 8), -0.3)],
    "a factor a channel": lambda tape, x, layer: [_times(tape, layer(tape, x, "w", 8), [0.3] * 8)],
    "shown": _shown,
}


@pytest.mark.parametrize("other", OTHERS)
def test_what_must_stay_stays(other: str, layer: Layer, graph: Build) -> None:
    model = graph(lambda tape, x: OTHERS[other](tape, x, layer))
    assert apply(ScaledProduct(), model).sites == ()
    assert operators(model)["Mul"] == 1
