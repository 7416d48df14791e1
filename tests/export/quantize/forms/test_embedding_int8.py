from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest

from edgeattn_export.capture import Captured
from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Quantized
from edgeattn_export.quantize.arithmetic.grid import INT8
from edgeattn_export.quantize.forms.ort_cpu.embedding_int8 import WORTHWHILE, EmbeddingInt8
from edgeattn_export.recover import Recovered
from edgeattn_runtime.errors import QuantizeError


def test_rows_are_looked_up_in_int8(layers: tuple[Captured, Samples, Recovered], int8: Quantized) -> None:
    captured, samples, _ = layers
    table = captured.reference.module.words.weight.detach().numpy()
    expected = INT8.dequantize(*INT8.quantize(table.T)).T  # a scale a row
    found = ORT_CPU.runner(int8.model)(samples[0].inputs)["words.output"]
    np.testing.assert_array_equal(found, expected[samples[0].inputs["tokens"]])
    stored = [v for v in int8.model.graph.initializers.values() if v.shape == table.shape]
    assert [v.dtype for v in stored] == [ir.DataType.INT8]


def test_a_small_table_stays_float(int8: Quantized) -> None:
    (gather,) = [
        node for node in int8.model.graph if module_of(node) == "segments" and node.op_type == "Gather"
    ]
    assert gather.inputs[0].dtype is ir.DataType.FLOAT


@pytest.mark.parametrize(
    ("table", "axis", "fires"),
    [
        (np.ones((WORTHWHILE // 16, 16), np.float32), 0, True),
        (np.ones((WORTHWHILE // 16 - 1, 16), np.float32), 0, False),
        (np.ones((WORTHWHILE // 16, 16), np.float32), 1, False),  # columns
        (np.ones((WORTHWHILE // 16, 4, 4), np.float32), 0, False),  # no matrix
        (np.ones((WORTHWHILE // 16, 16), np.float16), 0, False),
    ],
)
def test_only_rows_of_a_large_float_matrix(
    table: np.ndarray, axis: int, fires: bool, lookup: Callable[..., ir.Model]
) -> None:
    assert len(apply(EmbeddingInt8(), lookup(table, axis=axis)).sites) == fires


def test_a_table_that_is_not_finite_names_the_module(lookup: Callable[..., ir.Model]) -> None:
    table = np.ones((WORTHWHILE // 16, 16), np.float32)
    table[3, 5] = np.nan
    with pytest.raises(QuantizeError, match=r"^embedding 'encoder\.words': .*NaN"):
        apply(EmbeddingInt8(), lookup(table))
