from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from numpy.typing import NDArray
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import embed, operators
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.lower.ort_web.centered_norm import centered_norm

WIDTH = 24
DRAWN = np.random.default_rng(drawn_seed(0))
SCALE, SHIFT = DRAWN.standard_normal((2, WIDTH)).astype(np.float32)

Arrays = Mapping[str, NDArray[np.generic]]


def _norm(*, shift: bool = True, axis: int = -1, width: int = WIDTH, shown: int = 1) -> ir.Model:
    tape = Tape()
    x = ir.val("x", ir.DataType.FLOAT, ("batch", "sequence", width))
    sizes = (width,) if axis in (-1, 2) else (3, width)
    parameters = [embed(tape, np.resize(SCALE, sizes), "scale")]
    if shift:
        parameters.append(embed(tape, np.resize(SHIFT, sizes), "shift"))
    made = tape.op_multi_out(
        "LayerNormalization", [x, *parameters], {"axis": axis, "epsilon": 1e-3}, num_outputs=shown
    )
    for i, value in enumerate(made):
        value.name, value.type = f"y{i}", ir.TensorType(ir.DataType.FLOAT)
        value.shape = ir.Shape(("batch", "sequence", width if i == 0 else 1))
    return model_of(tape, [x], list(made))


@pytest.mark.parametrize("shift", [True, False])
@pytest.mark.parametrize("axis", [-1, 2])
@pytest.mark.parametrize(("offset", "error"), [(0.0, 1e-6), (300.0, 1e-4)])  # float32 holds 3e-5 of 300
def test_it_becomes_the_root_mean_square_of_what_is_centered(
    shift: bool, axis: int, offset: float, error: float, scaled_error: Callable[[Arrays, Arrays], float]
) -> None:
    model = _norm(shift=shift, axis=axis)
    x = {"x": (DRAWN.standard_normal((2, 5, WIDTH)) + offset).astype(np.float32)}
    expected = ORT_CPU.runner(model)(x)
    assert len(apply(centered_norm, model).sites) == 1
    assert operators(model) == {"ReduceMean": 1, "Sub": 1, "RMSNormalization": 1} | (
        {"Add": 1} if shift else {}
    )
    assert scaled_error(expected, ORT_CPU.runner(model)(x)) < error


def test_a_row_of_one_number_is_its_shift() -> None:
    model = _norm()
    apply(centered_norm, model)
    np.testing.assert_array_equal(
        ORT_CPU.runner(model)({"x": np.full((1, 1, WIDTH), 7, np.float32)})["y0"][0, 0], SHIFT
    )


@pytest.mark.parametrize("model", [_norm(axis=1), _norm(shown=2)], ids=["two axes", "a mean that is read"])
def test_what_must_stay_stays(model: ir.Model) -> None:
    assert apply(centered_norm, model).sites == ()
    assert operators(model) == {"LayerNormalization": 1}
