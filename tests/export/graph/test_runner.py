from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest
from fixture_types import Plainly
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.graph.dataflow import embed
from edgeattn_export.graph.runner import SessionRunner
from edgeattn_runtime.errors import BundleError, InputError

X = np.array([[[-1.0, 2.0]]], np.float32)
TABLE = np.arange(8, dtype=np.float32).reshape(4, 2)


@pytest.fixture
def lookup(plainly: Plainly) -> SessionRunner:
    """Rows of a table, and all of their numbers as a square of 2 rows."""
    tape = Tape()
    ids = ir.val("ids", ir.DataType.INT64, ("length",))
    rows, square = (ir.val(name, ir.DataType.FLOAT, None) for name in ("rows", "square"))
    tape.op("Gather", [embed(tape, TABLE, "table"), ids], output=rows)
    tape.op("Reshape", [rows, embed(tape, np.array([2, 2]), "dims")], output=square)
    return plainly(model_of(tape, [ids], [rows, square]))


def test_answers_by_name_and_leaves_out_what_the_graph_does_not_take(
    plainly: Plainly, by_hand: Callable[..., ir.Model]
) -> None:
    runner = plainly(by_hand(np.eye(2, dtype=np.float32), before="Relu"))
    actual = runner({"x": X, "mask": np.ones((1, 1))})
    assert list(actual) == ["y"]
    np.testing.assert_array_equal(actual["y"], [[[0, 2]]])


def test_a_bound_call_gives_arrays_in_the_graphs_order(lookup: SessionRunner) -> None:
    call = lookup.bind({"ids": np.array([3, 0])})
    for _ in range(2):
        rows, square = call()
        np.testing.assert_array_equal(rows, TABLE[[3, 0]])
        np.testing.assert_array_equal(square, TABLE[[3, 0]])


def test_a_number_beyond_a_table_is_the_inputs_fault(lookup: SessionRunner) -> None:
    with pytest.raises(InputError, match="'ids' holds 7"):
        lookup({"ids": np.array([7, 0])})


def test_any_other_failure_is_the_graphs(lookup: SessionRunner) -> None:
    with pytest.raises(BundleError, match="Reshape"):
        lookup({"ids": np.array([1, 2, 3])})
