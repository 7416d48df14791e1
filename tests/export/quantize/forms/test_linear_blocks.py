from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from numpy.typing import NDArray

from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.arithmetic.grid import BFLOAT16
from edgeattn_export.quantize.forms.ort_cpu.linear_blocks import (
    INT4_BLOCKS,
    INT4_BLOCKS_OF_64,
    LinearBlocks,
)
from edgeattn_export.quantize.layers.linear import Linear

ROUNDING = 1e-5  # of the sum of the products' absolute values: what float32 adds
WIDTH, CHANNELS = 192, 20

Floats = NDArray[np.float32]

FORMS = pytest.mark.parametrize("form", [INT4_BLOCKS, INT4_BLOCKS_OF_64], ids=lambda form: form.name)


def _linear(form: LinearBlocks, *, bias: bool = True) -> Linear:
    generator = np.random.default_rng(drawn_seed(form.grid.bits))
    block = form.grid.block
    sizes = 10.0 ** generator.uniform(-2, 2, size=(WIDTH // block, 1, CHANNELS))  # each block's own
    weight = (sizes * generator.standard_normal((WIDTH // block, block, CHANNELS))).reshape(WIDTH, CHANNELS)
    shift = generator.standard_normal(CHANNELS).astype(np.float32)
    return Linear(weight.astype(np.float32), shift if bias else None, form.grid)


def _rounded(linear: Linear) -> Floats:
    """Round each block of a column by a scale of its own: its largest number is the grid's lowest, (D, N)."""
    grid = linear.grid
    blocks = linear.weight.reshape(-1, grid.block, CHANNELS)
    scale = np.where(-blocks.min(1) > blocks.max(1), blocks.min(1), blocks.max(1)) / grid.lowest
    scale = scale.astype(BFLOAT16).astype(np.float32)
    stored = np.clip(np.rint(blocks / scale[:, None]), grid.lowest, grid.highest)  # (D / block, block, N)
    return (stored * scale[:, None]).reshape(WIDTH, CHANNELS)


@FORMS
@pytest.mark.parametrize("bias", [True, False])
def test_the_error_is_half_a_step_of_each_block_of_the_input(
    bias: bool, form: LinearBlocks, written: Callable[..., ir.Model]
) -> None:
    linear = _linear(form, bias=bias)
    x = np.random.default_rng(drawn_seed(0)).standard_normal((2, 5, WIDTH)).astype(np.float32)
    block = form.grid.block
    x[..., :block] *= 50  # an outlier costs its own block alone
    found = ORT_CPU.runner(written(form, linear))({"x": x})["y"]
    rounded = _rounded(linear)
    right = x @ rounded + (0 if linear.bias is None else linear.bias)
    steps = np.abs(x.reshape(2, 5, -1, block)).max(-1) / 127  # (2, 5, D / block)
    sums = np.abs(rounded).reshape(-1, block, CHANNELS).sum(1)  # (D / block, N)
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
    stored, block = packed.const_value.numpy(), form.grid.block
    assert stored.dtype == np.uint8
    assert stored.shape == (CHANNELS, WIDTH // block, block // 2)
    stored = np.stack([stored & 15, stored >> 4], axis=-1).reshape(CHANNELS, -1, block)  # low one first
    whole = stored.astype(np.float32) - 8  # (N, D / block, block)
    assert (whole.min(), whole.max()) == (form.grid.lowest, form.grid.highest)
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
    block = form.grid.block
    weight[block:] = 0
    x = np.random.default_rng(drawn_seed(1)).standard_normal((1, 5, WIDTH)).astype(np.float32)
    x[..., block:] *= 1000
    found = ORT_CPU.runner(written(form, Linear(weight, None, form.grid)))({"x": x})["y"]
    x[..., block:] = 0
    alone = ORT_CPU.runner(written(form, Linear(weight, None, form.grid)))({"x": x})["y"]
    tolerance = ROUNDING * np.abs(x) @ np.abs(weight)
    assert (np.abs(found - alone) <= tolerance).all()


@FORMS
def test_only_whole_blocks_fit(form: LinearBlocks) -> None:
    block = form.grid.block
    assert form.unfit(2 * block, 5) is None
    assert form.unfit(block + 1, 5) == f"its {block + 1} input channels are no multiple of {block}"
