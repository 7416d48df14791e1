from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest
from numpy.typing import NDArray

from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.affine import quantize_along
from edgeattn_export.quantize.forms.ort_cpu.linear_blocks import (
    BLOCK,
    INT4_BLOCKS,
    INT8_BLOCKS,
    LinearBlocks,
    blocks_of,
)
from edgeattn_export.quantize.linear import Linear

ROUNDING = 1e-5  # of the sum of the products' absolute values: what float32 adds
WIDTH, CHANNELS = 3 * BLOCK, 20

Floats = NDArray[np.float32]

FORMS = pytest.mark.parametrize("form", [INT8_BLOCKS, INT4_BLOCKS], ids=lambda form: form.name)


def _linear(form: LinearBlocks, *, bias: bool = True) -> Linear:
    generator = np.random.default_rng(form.bits)
    sizes = 10.0 ** generator.uniform(-2, 2, size=(WIDTH // BLOCK, 1, CHANNELS))  # each block's own
    weight = (sizes * generator.standard_normal((WIDTH // BLOCK, BLOCK, CHANNELS))).reshape(WIDTH, CHANNELS)
    shift = generator.standard_normal(CHANNELS).astype(np.float32)
    return Linear(weight.astype(np.float32), shift if bias else None, form.levels)


def _rounded(linear: Linear) -> Floats:
    """Round each 32 rows of a column by a scale of their own, (D, N)."""
    blocks = linear.weight.reshape(-1, BLOCK, CHANNELS)
    scale = np.abs(blocks).max(1, keepdims=True) / linear.levels  # (D / BLOCK, 1, N)
    return (np.rint(blocks / scale) * scale).reshape(WIDTH, CHANNELS)


@FORMS
@pytest.mark.parametrize("bias", [True, False])
def test_the_error_is_half_a_step_of_each_block_of_the_input(
    bias: bool, form: LinearBlocks, written: Callable[..., ir.Model]
) -> None:
    linear = _linear(form, bias=bias)
    x = np.random.default_rng(0).standard_normal((2, 5, WIDTH)).astype(np.float32)
    x[..., :BLOCK] *= 50  # an outlier costs its own block alone
    found = ORT_CPU.runner(written(form, linear))({"x": x})["y"]
    rounded = _rounded(linear)
    right = x @ rounded + (0 if linear.bias is None else linear.bias)
    steps = np.abs(x.reshape(2, 5, -1, BLOCK)).max(-1) / 127  # (2, 5, D / BLOCK)
    sums = np.abs(rounded).reshape(-1, BLOCK, CHANNELS).sum(1)  # (D / BLOCK, N)
    bound = 0.5 * steps @ sums + ROUNDING * (np.abs(x) @ np.abs(rounded) + 1)
    assert (np.abs(found - right) <= bound).all()


@FORMS
def test_the_weights_are_laid_out_as_the_operator_reads_them(
    form: LinearBlocks, written: Callable[..., ir.Model]
) -> None:
    linear = _linear(form)
    (node,) = written(form, linear).graph
    _, packed, scales, no_points, no_groups, bias = node.inputs
    assert no_points is None
    assert no_groups is None
    stored = packed.const_value.numpy()
    assert stored.dtype == np.uint8
    assert stored.shape == (CHANNELS, WIDTH // BLOCK, BLOCK * form.bits // 8)
    if form.bits == 4:
        stored = np.stack([stored & 15, stored >> 4], axis=-1).reshape(CHANNELS, -1, BLOCK)  # low one first
    whole = stored.astype(np.float32) - 2 ** (form.bits - 1)  # (N, D / BLOCK, BLOCK)
    assert np.abs(whole).max() == form.levels
    found = (whole * scales.const_value.numpy()[..., None]).reshape(CHANNELS, WIDTH).T
    np.testing.assert_allclose(found, _rounded(linear), rtol=1e-5)
    np.testing.assert_array_equal(bias.const_value.numpy(), linear.bias, strict=True)


@FORMS
def test_zeros_answer_the_bias(form: LinearBlocks, written: Callable[..., ir.Model]) -> None:
    linear = _linear(form)
    zeros = np.zeros((1, 3, WIDTH), np.float32)
    found = ORT_CPU.runner(written(form, linear))({"x": zeros})["y"]
    np.testing.assert_array_equal(found[0], np.broadcast_to(linear.bias, (3, CHANNELS)))


@FORMS
def test_a_block_of_zeros_adds_nothing(form: LinearBlocks, written: Callable[..., ir.Model]) -> None:
    linear = _linear(form, bias=False)
    weight = 1e-6 * linear.weight
    weight[BLOCK:] = 0
    x = np.random.default_rng(1).standard_normal((1, 5, WIDTH)).astype(np.float32)
    x[..., BLOCK:] *= 1000
    found = ORT_CPU.runner(written(form, Linear(weight, None, form.levels)))({"x": x})["y"]
    x[..., BLOCK:] = 0
    alone = ORT_CPU.runner(written(form, Linear(weight, None, form.levels)))({"x": x})["y"]
    tolerance = ROUNDING * np.abs(x) @ np.abs(weight)
    assert (np.abs(found - alone) <= tolerance).all()


@pytest.mark.parametrize("levels", [7, 127])
def test_a_block_is_a_row_of_its_own(levels: int) -> None:
    weight = np.random.default_rng(0).standard_normal((WIDTH, CHANNELS)).astype(np.float32)
    stored, scales = blocks_of(weight, levels)
    for start in range(0, WIDTH, BLOCK):
        expected, scale = quantize_along(weight[start : start + BLOCK].T, axis=1, levels=levels)
        np.testing.assert_array_equal(stored[:, start // BLOCK], expected)
        np.testing.assert_array_equal(scales[:, start // BLOCK], scale[:, 0])


@FORMS
def test_only_whole_blocks_fit(form: LinearBlocks) -> None:
    assert form.unfit(2 * BLOCK, 5) is None
    assert form.unfit(BLOCK + 1, 5) == "its 33 input channels are no multiple of 32"
