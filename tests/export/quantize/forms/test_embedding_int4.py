from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest
from numpy.typing import NDArray

from edgeattn_export.graph.apply import apply
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.forms.ort_cpu.embedding_int4 import BLOCK, GRID, SMALLEST, EmbeddingInt4
from edgeattn_export.quantize.forms.ort_cpu.embedding_int8 import WORTHWHILE
from edgeattn_export.quantize.techniques.clipping import least_error_scale
from edgeattn_runtime.errors import QuantizeError

WIDTH = 2 * BLOCK
ROWS = WORTHWHILE // WIDTH

Floats = NDArray[np.float32]


def _table(width: int = WIDTH) -> Floats:
    generator = np.random.default_rng(0)
    sizes = 10.0 ** generator.uniform(-2, 2, size=(-(-WORTHWHILE // width), 1))
    return (sizes * generator.standard_normal((len(sizes), width))).astype(np.float32)


def test_a_row_is_looked_up_by_blocks(lookup: Callable[..., ir.Model]) -> None:
    table = _table()
    table[5], table[7, :BLOCK] = 0, 0
    model = lookup(table)
    assert len(apply(EmbeddingInt4(), model).sites) == 1
    ids = np.array([5, 0, 7, ROWS - 1, 7])
    found = ORT_CPU.runner(model)({"ids": ids})["y"]
    columns = table.reshape(-1, BLOCK).T
    scale = least_error_scale(GRID, columns, GRID.scale_of(columns), SMALLEST)
    expected = GRID.dequantize(GRID.round(columns, scale), scale).T.reshape(ROWS, WIDTH)
    np.testing.assert_allclose(found, expected[ids], rtol=1e-5)
    assert not found[0].any()


def test_it_is_an_eighth_of_the_size_but_for_scales(lookup: Callable[..., ir.Model]) -> None:
    table = _table()
    model = lookup(table)
    apply(EmbeddingInt4(), model)
    held = sum(value.const_value.nbytes for value in model.graph.initializers.values())
    assert held == table.nbytes // 8 + table.nbytes // BLOCK


@pytest.mark.parametrize("width", [BLOCK // 2, BLOCK + 1])
def test_only_rows_of_whole_blocks(width: int, lookup: Callable[..., ir.Model]) -> None:
    assert apply(EmbeddingInt4(), lookup(_table(width))).sites == ()


def test_a_table_that_is_not_finite_names_the_module(lookup: Callable[..., ir.Model]) -> None:
    table = _table()
    table[3, 5] = np.nan
    with pytest.raises(QuantizeError, match=r"^embedding 'encoder\.words': .*NaN"):
        apply(EmbeddingInt4(), lookup(table))
