"""A gate goes into the kernel that it gates; without the kernel no bit changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from numpy.typing import NDArray
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.graph.apply import Applied, apply
from edgeattn_export.graph.dataflow import embed, operators
from edgeattn_export.graph.functions import inlined, write_bodies
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.forms.ort_cpu.kernel.fusion import kernel_activation
from edgeattn_export.quantize.forms.ort_cpu.kernel.gate import kernel_gate
from edgeattn_export.quantize.forms.ort_cpu.kernel.int8_linear import ACTIVATIONS, Int8Linear
from edgeattn_export.targets.cpu import FORMS

WIDTH, CHANNELS = 32, 8  # MatMulNBits sums the last of channels that are no multiple of 4 in another order
X = ir.val("x", ir.DataType.FLOAT, ("rows", WIDTH))
Build = Callable[[Tape, ir.Value], ir.Value]


def _layer(tape: Tape, x: ir.Value, seed: int, channels: int = CHANNELS, **changes: object) -> ir.Value:
    generator = np.random.default_rng(drawn_seed(seed))
    arrays = {
        "weight": generator.integers(-60, 60, (channels, WIDTH)).astype(np.int8),
        "scale": generator.uniform(0.01, 0.02, channels).astype(np.float32),
        "bias": generator.standard_normal(channels).astype(np.float32),
    }
    constants = {
        name: embed(tape, array, f"{name}{seed}") for name, array in arrays.items() if name not in changes
    }
    (y,) = Int8Linear(x=x, **({"rounding": "tensor"} | constants | changes)).emit(tape)
    y.shape, y.type, y.name = ir.Shape(("rows", channels)), X.type, f"layer{seed}"
    return y


def _blocks(tape: Tape, x: ir.Value, seed: int) -> ir.Value:
    generator = np.random.default_rng(drawn_seed(seed))
    weight = generator.integers(0, 256, (CHANNELS, WIDTH // 2)).astype(np.uint8)
    scale = generator.uniform(0.05, 0.1, (CHANNELS, 1)).astype(np.float32)
    changes = {"weight": embed(tape, weight, f"weight{seed}"), "scale": embed(tape, scale, f"scale{seed}")}
    return _layer(tape, x, seed, rounding="blocks", bits=4, block_size=32, **changes)


def _split(tape: Tape, y: ir.Value, sizes: tuple[int, ...] = (CHANNELS, CHANNELS)) -> tuple[ir.Value, ...]:
    given = embed(tape, np.array(sizes, np.int64), "sizes")
    halves = tape.op_multi_out("Split", [y, given], {"axis": -1}, num_outputs=len(sizes))
    for half, size in zip(halves, sizes, strict=True):
        half.shape, half.type = ir.Shape(("rows", size)), X.type
    return tuple(halves)


def _model(build: Build) -> ir.Model:
    tape = Tape()
    x = ir.val("x", ir.DataType.FLOAT, ("rows", WIDTH))
    y = build(tape, x)
    y.name, y.type = "y", X.type
    return model_of(tape, [x], [y], 23, "edgeattn", "com.microsoft")


def _answer(model: ir.Model) -> NDArray[np.float32]:
    write_bodies(model, FORMS.bodies)
    x = np.random.default_rng(drawn_seed(9)).standard_normal((5, WIDTH)).astype(np.float32)
    return ORT_CPU.runner(inlined(model))({"x": x})["y"]


def _gated(build: Build) -> tuple[Applied, ir.Model]:
    model = _model(build)
    apply(kernel_activation, model)
    return apply(kernel_gate, model), model


def _halves(tape: Tape, x: ir.Value) -> tuple[ir.Value, ...]:
    return _split(tape, _layer(tape, x, 1, 2 * CHANNELS))


def _second_half_first(tape: Tape, x: ir.Value) -> ir.Value:
    a, b = _halves(tape, x)
    return tape.op("Mul", [a, tape.op("Gelu", [b])])


def _silu_of_a_half(tape: Tape, x: ir.Value) -> ir.Value:
    a, b = _halves(tape, x)
    return tape.op("Mul", [tape.op("Mul", [a, tape.op("Sigmoid", [a])]), b])


GATED: Mapping[str, Build] = {
    **{
        f"two layers, {name}": lambda tape, x, record=record: tape.op(
            "Mul", [record(tape, _layer(tape, x, 1)), _layer(tape, x, 2)]
        )
        for name, record in ACTIVATIONS.items()
    },
    "the gate first": lambda tape, x: tape.op(
        "Mul", [_layer(tape, x, 1), tape.op("Relu", [_layer(tape, x, 2)])]
    ),
    "without bias": lambda tape, x: tape.op(
        "Mul", [_layer(tape, x, 1, bias=None), tape.op("Tanh", [_layer(tape, x, 2, bias=None)])]
    ),
    "rows": lambda tape, x: tape.op(
        "Mul", [_layer(tape, x, 1, rounding="row"), _layer(tape, x, 2, rounding="row")]
    ),
    "blocks of 4 bits": lambda tape, x: tape.op("Mul", [_blocks(tape, x, 1), _blocks(tape, x, 2)]),
    "halves": lambda tape, x: tape.op("Mul", list(_halves(tape, x))),
    "the second half first": _second_half_first,
    "silu of a half": _silu_of_a_half,
}


@pytest.mark.parametrize("build", GATED.values(), ids=GATED)
def test_a_gate_goes_into_the_node_and_no_bit_changes(build: Build) -> None:
    expected = _answer(_model(build))
    applied, model = _gated(build)
    assert len(applied.sites) == 1
    assert operators(model) == {"Int8Linear": 1}
    (node,) = model.graph
    assert node.attributes.get_int("gate") == 1
    np.testing.assert_array_equal(_answer(model), expected)


def _unequal_halves(tape: Tape, x: ir.Value) -> ir.Value:
    a, b = _split(tape, _layer(tape, x, 1, CHANNELS + 1), (CHANNELS, 1))
    return tape.op("Mul", [a, b])


def _gate_read_twice(tape: Tape, x: ir.Value) -> ir.Value:
    gate = _layer(tape, x, 2)
    return tape.op("Sub", [tape.op("Mul", [_layer(tape, x, 1), gate]), gate])


UNGATED: Mapping[str, Build] = {
    "layers of two inputs": lambda tape, x: tape.op(
        "Mul", [_layer(tape, x, 1), _layer(tape, tape.op("Exp", [x]), 2)]
    ),
    "two activations": lambda tape, x: tape.op(
        "Mul", [tape.op("Relu", [_layer(tape, x, 1)]), tape.op("Tanh", [_layer(tape, x, 2)])]
    ),
    "one channel": lambda tape, x: tape.op("Mul", [_layer(tape, x, 1), _layer(tape, x, 2, 1)]),
    "unequal halves": _unequal_halves,
    "a gate that is read twice": _gate_read_twice,
    "no layer": lambda tape, x: tape.op("Mul", [_layer(tape, x, 1), tape.op("Exp", [_layer(tape, x, 2)])]),
}


@pytest.mark.parametrize("build", UNGATED.values(), ids=UNGATED)
def test_what_is_no_gate_stays(build: Build) -> None:
    applied, model = _gated(build)
    assert applied == Applied((), ())
    assert operators(model)["Mul"] == 1


def _smoothing(tape: Tape, seed: int) -> ir.Value:
    return embed(tape, np.full(WIDTH, 1 + seed, np.float32), f"smoothing{seed}")


def _sharing(tape: Tape, x: ir.Value) -> ir.Value:
    weight = embed(tape, np.ones((CHANNELS, WIDTH), np.int8), "shared")
    gated = tape.op("Mul", [_layer(tape, x, 1, weight=weight), _layer(tape, x, 2)])
    return tape.op("Add", [gated, _layer(tape, x, 3, weight=weight)])


REFUSED: Mapping[str, tuple[Build, str]] = {
    "smoothing": (
        lambda tape, x: tape.op(
            "Mul", [_layer(tape, x, seed, smoothing=_smoothing(tape, seed)) for seed in (1, 2)]
        ),
        "different factors",
    ),
    "form": (
        lambda tape, x: tape.op("Mul", [_layer(tape, x, 1), _layer(tape, x, 2, rounding="row")]),
        "different forms",
    ),
    "bias": (
        lambda tape, x: tape.op("Mul", [_layer(tape, x, 1), _layer(tape, x, 2, bias=None)]),
        "one has a bias",
    ),
    "a shared weight": (_sharing, "shares its weight"),
}


@pytest.mark.parametrize(("build", "reason"), REFUSED.values(), ids=REFUSED)
def test_layers_that_one_kernel_cannot_compute_are_refused_in_words(build: Build, reason: str) -> None:
    applied, model = _gated(build)
    assert not applied.sites
    (refused,) = applied.refused
    assert reason in refused.reason
    assert operators(model)["Mul"] == 1
