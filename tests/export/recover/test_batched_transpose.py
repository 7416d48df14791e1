from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import operators
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.recover.rules.batched_transpose import unfold_transpose


def _folded(perm: tuple[int, ...], unfolded: list[int]) -> ir.Model:
    """Return a transpose of (2, 3, 4, 5) by way of rank 3, as torch exports it below opset 23."""
    tape = Tape()
    x = ir.val("x", ir.DataType.FLOAT, (2, 3, 4, 5))
    fold = tape.initializer(ir.tensor(np.array([-1, 4, 5]), name="fold"))
    unfold = tape.initializer(ir.tensor(np.array(unfolded), name="unfold"))
    folded = tape.op("Reshape", [x, fold])
    folded.shape = ir.Shape([6, 4, 5])
    transposed = tape.op("Transpose", [folded], {"perm": perm})
    transposed.shape = ir.Shape([(6, 4, 5)[axis] for axis in perm])
    output = tape.op("Reshape", [transposed, unfold])
    output.name, output.dtype, output.shape = "y", ir.DataType.FLOAT, ir.Shape(unfolded)
    return model_of(tape, [x], [output])


def test_it_becomes_one_transpose() -> None:
    model = _folded((0, 2, 1), [2, 3, 5, 4])
    assert len(apply(unfold_transpose, model).sites) == 1
    assert operators(model) == {"Transpose": 1}
    x = np.arange(120, dtype=np.float32).reshape(2, 3, 4, 5)
    np.testing.assert_array_equal(ORT_CPU.runner(model)({"x": x})["y"], x.transpose(0, 1, 3, 2))


@pytest.mark.parametrize(("perm", "unfolded"), [((1, 0, 2), [4, 2, 3, 5]), ((0, 2, 1), [6, 5, 4])])
def test_another_transpose_is_left_as_it_is(perm: tuple[int, ...], unfolded: list[int]) -> None:
    model = _folded(perm, unfolded)
    assert apply(unfold_transpose, model).sites == ()
    assert operators(model) == {"Reshape": 2, "Transpose": 1}
