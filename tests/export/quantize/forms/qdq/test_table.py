from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from onnx_ir.tape import Tape

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import embed, producer
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.forms import Rewrite
from edgeattn_export.quantize.forms.qdq.table import TABLE8, TABLE16
from edgeattn_export.quantize.forms.qdq.whole import WholeQdq
from edgeattn_export.quantize.layers.ranges import ranges_of

ROWS, SIZE = 8192, 8  # as many elements as a table needs to be worth it
TABLE = np.random.default_rng(drawn_seed(0)).standard_normal((ROWS, SIZE)).astype(np.float32)
STEP = float(TABLE.max() - TABLE.min()) / 255

Write = Callable[[Tape, dict[str, ir.Value]], ir.Value]
Written = Callable[[Mapping[str, tuple[ir.DataType, tuple[int | str, ...]]], Write], ir.Model]
Widths = Callable[[ir.Value], list[ir.DataType]]
IDS = {"ids": (ir.DataType.INT64, ("length",))}
INPUTS = {"ids": np.array([0, 7, 8191])}


def _looked_up(rows: int) -> Write:
    return lambda tape, values: tape.op("Gather", [embed(tape, TABLE[:rows], "table"), values["ids"]])


@pytest.mark.parametrize(("form", "dtype", "steps"), [(TABLE8, "UINT8", 255), (TABLE16, "UINT16", 65535)])
def test_a_large_table_is_stored_in_one_step(form: Rewrite, dtype: str, steps: int, written: Written) -> None:
    model = written(IDS, _looked_up(ROWS))
    expected = ORT_CPU.runner(model)(INPUTS)["y"]
    assert len(apply(form, model).sites) == 1
    gather = next(node for node in model.graph if node.op_type == "Gather")
    assert producer(gather.inputs[0], "DequantizeLinear").inputs[0].dtype.name == dtype
    error = np.abs(ORT_CPU.runner(model)(INPUTS)["y"] - expected).max()
    assert error <= STEP * 255 / steps


def test_a_small_one_stays_as_it_is(written: Written) -> None:
    model = written(IDS, _looked_up(16))
    assert apply(TABLE8, model).sites == ()


def test_rows_of_8_bits_go_on_in_16(written: Written, widths: Widths) -> None:
    def write(tape: Tape, values: dict[str, ir.Value]) -> ir.Value:
        return tape.op("Tanh", [_looked_up(ROWS)(tape, values)])

    model = written(IDS, write)
    apply(TABLE8, model)
    model.graph[1].outputs[0].dtype = ir.DataType.FLOAT
    WholeQdq().store(model, ranges_of(model, [INPUTS], ORT_CPU))
    gather = next(node for node in model.graph if node.op_type == "Gather")
    assert widths(gather.outputs[0]) == [ir.DataType.UINT8, ir.DataType.UINT16]
