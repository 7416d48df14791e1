from __future__ import annotations

import numpy as np
import onnx_ir as ir
from hypothesis import given
from hypothesis import strategies as st
from onnx_ir.tape import Tape

from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.ranges import Range, ranges_of

FLOAT = ir.DataType.FLOAT
NUMBERS = st.lists(st.lists(st.integers(-99, 99), min_size=1, max_size=5), min_size=1, max_size=4)


def _halved() -> ir.Model:
    tape = Tape()
    x, y = (ir.val(name, FLOAT, ("batch",)) for name in "xy")
    half = tape.initializer(ir.tensor(np.float32(0.5), name="half"))
    doubled = tape.op("Add", [x, x])
    doubled.name, doubled.dtype = "doubled", FLOAT
    size = tape.op("Shape", [x])  # integers tell no range
    size.name, size.dtype = "size", ir.DataType.INT64
    tape.op("Mul", [x, half], output=y)
    graph = ir.Graph(
        [x], [y], nodes=tape.nodes, initializers=tape.initializers, opset_imports={"": 21}, name="halved"
    )
    return ir.Model(graph, ir_version=10)


@given(trials=NUMBERS)
def test_every_value_is_known_from_all_trials_together(trials: list[list[int]]) -> None:
    arrays = [np.array(each, np.float32) for each in trials]
    every = np.concatenate(arrays)
    low, high = min(float(every.min()), 0.0), max(float(every.max()), 0.0)
    found = ranges_of(_halved(), [{"x": each} for each in arrays], ORT_CPU)
    assert found == {"x": (low, high), "y": (low / 2, high / 2), "doubled": (2 * low, 2 * high)}


def test_a_wider_range_has_more_at_each_end_that_is_not_0() -> None:
    assert Range(-2, 4).wider(0.5) == Range(-3, 6)
    assert Range(0, 4).wider(0.5) == Range(0, 6)


def test_what_a_mask_hides_tells_nothing() -> None:
    x = np.array([-np.inf, -1e30, -3, 2], np.float32)
    assert ranges_of(_halved(), [{"x": x}], ORT_CPU)["x"] == Range(-3, 2)
