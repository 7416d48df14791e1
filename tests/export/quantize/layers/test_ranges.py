from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.graph.samples import Inputs
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.layers.ranges import NEAR_SHARE, Range, covering_inputs, ranges_of

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
    return model_of(tape, [x], [y], 21)


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


PAIRS = st.lists(st.tuples(st.integers(-99, 99), st.integers(-99, 99)), min_size=1, max_size=12)


def _sum() -> ir.Model:
    tape = Tape()
    x, y, total = (ir.val(name, FLOAT, (1,)) for name in ("x", "y", "total"))
    tape.op("Add", [x, y], output=total)
    return model_of(tape, [x, y], [total], 21)


def _trials(*pairs: tuple[int, int]) -> list[Inputs]:
    return [{"x": np.array([x], np.float32), "y": np.array([y], np.float32)} for x, y in pairs]


@given(pairs=PAIRS)
def test_they_reach_nearly_as_far_as_all_do(pairs: list[tuple[int, int]]) -> None:
    trials = _trials(*pairs)
    found, every = (
        ranges_of(_sum(), those, ORT_CPU) for those in (covering_inputs(_sum(), trials, ORT_CPU), trials)
    )
    for name, whole in every.items():
        assert found[name].low <= (1 - NEAR_SHARE) * whole.low
        assert found[name].high >= (1 - NEAR_SHARE) * whole.high


@pytest.mark.parametrize(
    ("pairs", "kept"),
    [
        ([(1, 1), (99, 99), (98, 2)], [(99, 99)]),
        ([(9, 0), (0, 9), (-5, 1), (96, 3), (3, 97)], [(-5, 1), (96, 3), (3, 97)]),
        ([(0, 0), (0, 0)], [(0, 0)]),
    ],
)
def test_the_others_are_left_out(pairs: list[tuple[int, int]], kept: list[tuple[int, int]]) -> None:
    found = covering_inputs(_sum(), _trials(*pairs), ORT_CPU)
    assert [(int(each["x"][0]), int(each["y"][0])) for each in found] == kept
