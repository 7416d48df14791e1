from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from numpy.typing import NDArray

from edgeattn_export.capture import Captured
from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.samples import Samples
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Quantized
from edgeattn_export.quantize.arithmetic.grid import INT8
from edgeattn_export.quantize.forms import Rewrite
from edgeattn_export.quantize.forms.ort_cpu.embedding_int4 import BLOCK, GRID, SMALLEST, embedding_int4
from edgeattn_export.quantize.forms.ort_cpu.embedding_int8 import WORTHWHILE, embedding_int8
from edgeattn_export.quantize.techniques.clipping import least_error_scale
from edgeattn_export.recover import Recovered
from edgeattn_runtime.errors import QuantizeError

WIDTH = 2 * BLOCK
ROWS = WORTHWHILE // WIDTH

Lookup = Callable[..., ir.Model]


def _table() -> NDArray[np.float32]:
    generator = np.random.default_rng(drawn_seed(0))
    sizes = 10.0 ** generator.uniform(-2, 2, size=(ROWS, 1))
    return (sizes * generator.standard_normal((ROWS, WIDTH))).astype(np.float32)


def test_rows_are_looked_up_in_int8(layers: tuple[Captured, Samples, Recovered], int8: Quantized) -> None:
    captured, samples, _ = layers
    table = captured.reference.module.words.weight.detach().numpy()
    expected = INT8.dequantize(*INT8.quantize(table.T)).T  # a scale a row
    found = ORT_CPU.runner(int8.model)(samples[0].inputs)["words.output"]
    np.testing.assert_array_equal(found, expected[samples[0].inputs["tokens"]])
    stored = [v for v in int8.model.graph.initializers.values() if v.shape == table.shape]
    assert [v.dtype for v in stored] == [ir.DataType.INT8]


def test_rows_of_4_bits_are_looked_up_by_blocks_in_an_eighth_of_the_size(lookup: Lookup) -> None:
    table = _table()
    table[5], table[7, :BLOCK] = 0, 0
    model = lookup(table)
    assert len(apply(embedding_int4, model).sites) == 1
    ids = np.array([5, 0, 7, ROWS - 1, 7])
    found = ORT_CPU.runner(model)({"ids": ids})["y"]
    columns = table.reshape(-1, BLOCK).T
    scale = least_error_scale(GRID, columns, GRID.scale_of(columns), SMALLEST)
    expected = GRID.dequantize(GRID.round(columns, scale), scale).T.reshape(ROWS, WIDTH)
    np.testing.assert_allclose(found, expected[ids], rtol=1e-5)
    assert not found[0].any()
    held = sum(value.const_value.nbytes for value in model.graph.initializers.values())
    assert held == table.nbytes // 8 + table.nbytes // BLOCK  # but for scales


@pytest.mark.parametrize(
    ("form", "dims", "axis", "dtype", "fires"),
    [
        (embedding_int8, (WORTHWHILE // 16, 16), 0, np.float32, True),
        (embedding_int8, (WORTHWHILE // 16 - 1, 16), 0, np.float32, False),
        (embedding_int8, (WORTHWHILE // 16, 16), 1, np.float32, False),  # columns
        (embedding_int8, (WORTHWHILE // 16, 4, 4), 0, np.float32, False),  # no matrix
        (embedding_int8, (WORTHWHILE // 16, 16), 0, np.float16, False),
        (embedding_int4, (WORTHWHILE, BLOCK // 2), 0, np.float32, False),  # no whole block
        (embedding_int4, (WORTHWHILE, BLOCK + 1), 0, np.float32, False),
    ],
)
def test_only_rows_of_a_large_float_matrix(
    form: Rewrite, dims: tuple[int, ...], axis: int, dtype: type, fires: bool, lookup: Lookup
) -> None:
    assert len(apply(form, lookup(np.ones(dims, dtype), axis=axis)).sites) == fires


@pytest.mark.parametrize("form", [embedding_int8, embedding_int4])
def test_a_table_that_is_not_finite_names_the_module(form: Rewrite, lookup: Lookup) -> None:
    table = _table()
    table[3, 5] = np.nan
    with pytest.raises(QuantizeError, match=r"^embedding 'encoder\.words': .*NaN"):
        apply(form, lookup(table))
