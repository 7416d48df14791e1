from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from numpy.typing import NDArray
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import dims, embed, is_constant
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.recover.rules.picked_weights import pick_weight

STACK = np.random.default_rng(drawn_seed(0)).standard_normal((3, 4, 5)).astype(np.float32)  # (E, N, D)

Pick = Callable[[Tape, ir.Value], ir.Value]


def _transposed(tape: Tape, value: ir.Value, *perm: int) -> ir.Value:
    made = tape.op("Transpose", [value], {"perm": perm})
    made.shape = ir.Shape([dims(value)[axis] for axis in perm])
    return made


def _picked(tape: Tape, value: ir.Value, index: int | NDArray[np.int64] = 1, axis: int = 0) -> ir.Value:
    made = tape.op("Gather", [value, embed(tape, np.array(index, np.int64), "index")], {"axis": axis})
    made.shape = ir.Shape([*np.shape(index), *(size for at, size in enumerate(dims(value)) if at != axis)])
    return made


FIRES: dict[str, Pick] = {
    "picked": lambda tape, w: _picked(tape, _transposed(tape, w, 0, 2, 1)),
    "then_transposed": lambda tape, w: _transposed(tape, _picked(tape, w), 1, 0),
    "of_another_axis": lambda tape, w: _picked(tape, _transposed(tape, w, 2, 0, 1), axis=1),
}
OTHERS: dict[str, Pick] = {
    "all": lambda tape, w: _transposed(tape, w, 0, 2, 1),
    "several": lambda tape, w: _picked(tape, _transposed(tape, w, 0, 2, 1), np.array([0, 2])),
}


def _graph(pick: Pick) -> ir.Model:
    """Return ``x @ pick(STACK)``, x of dims (R, D)."""
    tape = Tape()
    x, y = (ir.val(name, ir.DataType.FLOAT, None) for name in ("x", "y"))
    x.shape = ir.Shape(["rows", STACK.shape[2]])
    tape.op("MatMul", [x, pick(tape, embed(tape, STACK, "stack"))], output=y)
    return model_of(tape, [x], [y])


@pytest.mark.parametrize("pick", FIRES)
def test_fires_and_the_numbers_agree(pick: str) -> None:
    model = _graph(FIRES[pick])
    x = np.random.default_rng(drawn_seed(1)).standard_normal((2, STACK.shape[2])).astype(np.float32)
    before = ORT_CPU.runner(model)({"x": x})["y"]
    assert len(apply(pick_weight, model).sites) == 1
    (product,) = model.graph
    assert is_constant(product.inputs[1])
    np.testing.assert_array_equal(ORT_CPU.runner(model)({"x": x})["y"], before)


@pytest.mark.parametrize("pick", OTHERS)
def test_leaves_others(pick: str) -> None:
    assert apply(pick_weight, _graph(OTHERS[pick])).sites == ()
