"""Int8Linear in onnxruntime: right answers, and graphs that are refused in words."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import onnx_ir as ir
import onnxruntime
import pytest
from draws import drawn_seed

Open = Callable[..., onnxruntime.InferenceSession]
RANDOM = np.random.default_rng(drawn_seed(0))
WIDE = 1e-5  # of float sums


def _rounded(x: np.ndarray) -> np.ndarray:
    """Round each row to 8 bits over its range, as DynamicQuantizeLinear rounds a tensor."""
    low, high = np.minimum(x.min(-1, keepdims=True), 0), np.maximum(x.max(-1, keepdims=True), 0)
    scale = (high / np.float32(255) - low / np.float32(255)).astype(np.float32)
    inverse = (np.float32(1) / np.where(scale > 0, scale, 1)).astype(np.float32)
    zero = -np.rint(low * inverse)
    return scale * np.clip(np.rint(x * inverse), -zero, 255 - zero)


def _layer(inner: int = 21, columns: int = 13) -> dict[str, np.ndarray]:
    return {
        "weight": RANDOM.integers(-127, 128, (columns, inner), dtype=np.int8),
        "scale": RANDOM.uniform(0.001, 0.01, columns).astype(np.float32),
    }


def _product(x: np.ndarray, layer: dict[str, np.ndarray]) -> np.ndarray:
    return _rounded(x).astype(np.float64) @ (layer["weight"].astype(np.float64) * layer["scale"][:, None]).T


@pytest.mark.parametrize("shape", [(21,), (1, 21), (7, 21), (2, 3, 21), (0, 21), (2, 0, 21), (300, 21)])
def test_any_number_of_rows(opened: Open, shape: tuple[int, ...]) -> None:
    layer = _layer()
    x = RANDOM.normal(size=shape).astype(np.float32)
    (y,) = opened("Int8Linear", ["x", "weight", "scale"], layer).run(None, {"x": x})
    assert y.shape == (*shape[:-1], 13)
    np.testing.assert_allclose(y, _product(x, layer), atol=WIDE, rtol=0)


def test_a_layer_without_columns(opened: Open) -> None:
    layer = {"weight": np.zeros((0, 21), np.int8), "scale": np.zeros(0, np.float32)}
    session = opened("Int8Linear", ["x", "weight", "scale"], layer)
    assert session.run(None, {"x": np.zeros((3, 21), np.float32)})[0].shape == (3, 0)


def test_all_that_surrounds_a_product(opened: Open) -> None:
    layer = _layer() | {
        "smoothing": RANDOM.uniform(0.5, 2, 21).astype(np.float32),
        "bias": RANDOM.normal(size=13).astype(np.float32),
        "norm_scale": RANDOM.uniform(0.5, 2, 13).astype(np.float32),
        "norm_bias": RANDOM.normal(size=13).astype(np.float32),
    }
    names = ["x", "weight", "scale", "smoothing", "bias", "residual", "norm_scale", "norm_bias"]
    declared = {"x": (ir.DataType.FLOAT, None), "residual": (ir.DataType.FLOAT, None)}
    session = opened(
        "Int8Linear",
        names,
        layer,
        outputs=("y", "sum"),
        declared=declared,
        activation="relu",
        norm="layer",
        epsilon=1e-3,
    )
    x, residual = (RANDOM.normal(size=(2, 5, n)).astype(np.float32) for n in (21, 13))
    y, before = session.run(None, {"x": x, "residual": residual})
    expected = np.maximum(_product(x * layer["smoothing"], layer) + layer["bias"], 0) + residual
    np.testing.assert_allclose(before, expected, atol=WIDE, rtol=0)
    centered = expected - expected.mean(-1, keepdims=True)
    unit = centered / np.sqrt((centered**2).mean(-1, keepdims=True) + 1e-3)
    np.testing.assert_allclose(y, unit * layer["norm_scale"] + layer["norm_bias"], atol=WIDE, rtol=0)


def test_gate_multiplies_the_second_half(opened: Open) -> None:
    layer = _layer(columns=26)
    x = RANDOM.normal(size=(4, 21)).astype(np.float32)
    (y,) = opened("Int8Linear", ["x", "weight", "scale"], layer, gate=1, activation="silu").run(
        None, {"x": x}
    )
    first, second = np.split(_product(x, layer), 2, axis=-1)
    np.testing.assert_allclose(y, first / (1 + np.exp(-first)) * second, atol=WIDE, rtol=0)


@pytest.mark.parametrize(("inner", "block"), [(21, 0), (64, 0), (64, 32), (48, 16)])
def test_weights_of_four_bits(opened: Open, inner: int, block: int) -> None:
    values = RANDOM.integers(-8, 8, (13, inner))
    even = np.pad(values, ((0, 0), (0, inner % 2))).astype(np.int64) + 8
    blocks = inner // block if block else 1
    scale = RANDOM.uniform(0.01, 0.1, (13, blocks)).astype(np.float32)
    constants = {
        "weight": (even[:, ::2] | even[:, 1::2] << 4).astype(np.uint8),
        "scale": scale if block else scale[:, 0],
    }
    declared = {"x": (ir.DataType.FLOAT, ["rows", inner])}
    session = opened(
        "Int8Linear", ["x", "weight", "scale"], constants, declared=declared, bits=4, block_size=block
    )
    x = RANDOM.normal(size=(3, inner)).astype(np.float32)
    expected = (
        _rounded(x).astype(np.float64) @ (values * np.repeat(scale, inner // blocks, 1).astype(np.float64)).T
    )
    np.testing.assert_allclose(session.run(None, {"x": x})[0], expected, atol=WIDE, rtol=0)


def test_threads_do_not_change_an_answer(opened: Open) -> None:
    layer = _layer(384, 300)
    x = RANDOM.normal(size=(257, 384)).astype(np.float32)
    first, *others = [
        opened("Int8Linear", ["x", "weight", "scale"], layer, threads=threads).run(None, {"x": x})[0]
        for threads in (1, 2, 4)
    ]
    for other in others:
        np.testing.assert_array_equal(other, first)


def test_a_session_that_runs_twice_at_once(opened: Open) -> None:
    layer = _layer(384, 300)
    session = opened("Int8Linear", ["x", "weight", "scale"], layer, threads=2)
    samples = [RANDOM.normal(size=(rows, 384)).astype(np.float32) for rows in range(1, 60)]
    expected = [session.run(None, {"x": x})[0] for x in samples]
    with ThreadPoolExecutor(4) as pool:
        for x, answer, again in zip(
            samples, expected, pool.map(lambda x: session.run(None, {"x": x})[0], samples), strict=True
        ):
            assert x.shape[0] == answer.shape[0]
            np.testing.assert_array_equal(again, answer)


def test_a_row_that_is_not_finite_spoils_no_other(opened: Open) -> None:
    session = opened("Int8Linear", ["x", "weight", "scale"], _layer(), activation="gelu")
    x = RANDOM.normal(size=(3, 21)).astype(np.float32)
    clean = session.run(None, {"x": x})[0]
    for bad in (np.nan, np.inf, -np.inf):
        spoiled = x.copy()
        spoiled[1, 4] = bad
        answer = session.run(None, {"x": spoiled})[0]
        assert np.isnan(answer[1]).all()
        np.testing.assert_array_equal(answer[[0, 2]], clean[[0, 2]])


def _four_bits(rows: int = 13) -> dict[str, np.ndarray]:
    return {"weight": np.zeros((rows, 8), np.uint8), "scale": np.ones(rows, np.float32)}


REFUSED: list[tuple[str, dict[str, np.ndarray], dict[str, Any], str]] = [
    ("activation", {}, {"activation": "swish"}, "attribute activation is 'swish'"),
    ("type of activation", {}, {"activation": 3}, "attribute activation must be a text"),
    ("norm", {}, {"norm": "batch"}, "attribute norm is 'batch'"),
    ("gate", {}, {"gate": 2}, "attribute gate is 2"),
    ("type of gate", {}, {"gate": 1.0}, "attribute gate must be an integer"),
    ("type of epsilon", {}, {"epsilon": 1}, "attribute epsilon must be a float"),
    ("epsilon", {}, {"epsilon": -1.0}, "attribute epsilon is -1"),
    ("NaN as epsilon", {}, {"epsilon": float("nan")}, "attribute epsilon is nan"),
    ("bits", {}, {"bits": 3}, "attribute bits is 3"),
    ("bits of another type", {}, {"bits": [8, 4]}, "attribute bits must be an integer"),
    ("4 bits in int8", {}, {"bits": 4}, "weight of 4 bits must be uint8, not int8"),
    (
        "8 bits in uint8",
        {"weight": np.zeros((13, 21), np.uint8)},
        {},
        "weight of 8 bits must be int8, not uint8",
    ),
    ("weights of float", {"weight": np.zeros((13, 21), np.float32)}, {}, "must be int8, not float"),
    ("rank of weights", {"weight": np.zeros((13, 21, 1), np.int8)}, {}, "weight must have two dimensions"),
    ("a vector of weights", {"weight": np.zeros(13, np.int8)}, {}, "weight must have two dimensions"),
    ("no inner dimension", {"weight": np.zeros((13, 0), np.int8)}, {}, "rows of 0 values"),
    ("too wide", {"weight": np.zeros((1, 65537), np.int8)}, {}, "rows of 65537 values"),
    ("odd gate", {}, {"gate": 1}, "weight of a gated layer has 13 rows"),
    ("block", {}, {"block_size": 16}, "attribute block_size is 16"),
    ("negative block", {}, {"block_size": -16}, "attribute block_size is -16"),
    ("great block", {}, {"block_size": 2**62}, "attribute block_size is"),
    ("few scales", {"scale": np.ones(12, np.float32)}, {}, "scale must be (13), not (12)"),
    ("scales of blocks", {"scale": np.ones((13, 2), np.float32)}, {}, "scale must be (13), not (13, 2)"),
    ("short smoothing", {"smoothing": np.ones(20, np.float32)}, {}, "smoothing must be (21), not (20)"),
    ("scalar bias", {"bias": np.ones((), np.float32)}, {}, "bias must be (13), not ()"),
    ("long bias", {"bias": np.ones(14, np.float32)}, {}, "bias must be (13), not (14)"),
    (
        "norm_scale",
        {"norm_scale": np.ones(1, np.float32)},
        {"norm": "rms"},
        "norm_scale must be (13), not (1)",
    ),
    (
        "norm_bias",
        {"norm_bias": np.ones((1, 13), np.float32)},
        {"norm": "rms"},
        "norm_bias must be (13), not (1, 13)",
    ),
    ("no norm", {"norm_scale": np.ones(13, np.float32)}, {}, "norm_scale or norm_bias without a norm"),
    ("rank 9", {"weight": np.zeros((13, 21) + (1,) * 7, np.int8)}, {}, "a tensor of rank 9"),
]
NAMES = ["x", "weight", "scale", "smoothing", "bias", "residual", "norm_scale", "norm_bias"]


@pytest.mark.parametrize(
    ("constants", "attributes", "message"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_refused_when_the_session_is_made(
    opened: Open, constants: dict[str, np.ndarray], attributes: dict[str, Any], message: str
) -> None:
    layer = _layer() | constants
    inputs = [name if name == "x" or name in layer else "" for name in NAMES]
    with pytest.raises(Exception, match=r"edgeattn\.Int8Linear: node 'layer'") as refusal:
        opened("Int8Linear", inputs, layer, **attributes)
    assert message in str(refusal.value)


@pytest.mark.parametrize("name", ["weight", "scale", "smoothing", "bias", "norm_scale"])
def test_what_is_packed_must_be_a_constant(opened: Open, name: str) -> None:
    layer = _layer() | {name: np.ones(13, np.float32) for name in ("bias", "norm_scale")}
    layer["smoothing"] = np.ones(21, np.float32)
    kind = ir.DataType.INT8 if name == "weight" else ir.DataType.FLOAT
    declared = {"x": (ir.DataType.FLOAT, None), name: (kind, None)}
    del layer[name]
    inputs = [each if each in ("x", name) or each in layer else "" for each in NAMES]
    with pytest.raises(Exception, match=f"{name} must be a constant of the file"):
        opened("Int8Linear", inputs, layer, declared=declared, norm="layer")


@pytest.mark.parametrize(
    "inputs", [[], ["x"], ["x", "weight"], ["", "weight", "scale"], ["x", "", "scale"], ["x"] * 9]
)
def test_missing_and_too_many_inputs(opened: Open, inputs: list[str]) -> None:
    with pytest.raises(Exception, match="Int8Linear"):
        opened("Int8Linear", inputs, _layer())


def test_width_that_four_bits_do_not_have(opened: Open) -> None:
    declared = {"x": (ir.DataType.FLOAT, ["rows", 21])}
    with pytest.raises(Exception, match="weight has 8 bytes a row; expected 11 for 21 values of 4 bits"):
        opened("Int8Linear", ["x", "weight", "scale"], _four_bits(), declared=declared, bits=4)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((3, 20), np.float32), r"x must be \(..., 21\), not \(3, 20\)"),
        (np.zeros((), np.float32), r"x must be \(..., 21\), not \(\)"),
        (np.zeros((1,) * 8 + (21,), np.float32), "a tensor of rank 9"),
    ],
)
def test_inputs_that_do_not_fit(opened: Open, x: np.ndarray, message: str) -> None:
    session = opened("Int8Linear", ["x", "weight", "scale"], _layer())
    with pytest.raises(Exception, match=message):
        session.run(None, {"x": x})


@pytest.mark.parametrize("shape", [(13,), (3, 12), (2, 13), (1, 3, 13)])
def test_residuals_that_do_not_fit(opened: Open, shape: tuple[int, ...]) -> None:
    declared = {"x": (ir.DataType.FLOAT, None), "residual": (ir.DataType.FLOAT, None)}
    session = opened("Int8Linear", ["x", "weight", "scale", "", "", "residual"], _layer(), declared=declared)
    with pytest.raises(Exception, match=r"residual must be \(3, 13\)"):
        session.run(None, {"x": np.zeros((3, 21), np.float32), "residual": np.zeros(shape, np.float32)})


def test_shapes_are_known_before_a_run(opened: Open) -> None:
    declared = {"x": (ir.DataType.FLOAT, ["batch", 5, 21])}
    session = opened(
        "Int8Linear",
        ["x", "weight", "scale"],
        _layer(columns=26),
        declared=declared,
        gate=1,
        outputs=("y", "sum"),
    )
    assert [output.shape for output in session.get_outputs()] == [["batch", 5, 13]] * 2
