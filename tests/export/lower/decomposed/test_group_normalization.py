from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest
import torch
from draws import drawn_seed
from fixture_types import Plainly
from numpy.typing import NDArray
from torch.nn import functional

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import operators
from edgeattn_export.lower.decomposed.group_normalization import decompose_group_normalization
from edgeattn_export.lower.ort_cpu import ORT_CPU

FLOAT, DOUBLE = ir.DataType.FLOAT, ir.DataType.DOUBLE
CHANNELS = 6
DRAWN = np.random.default_rng(drawn_seed(0))
SCALE, BIAS = DRAWN.standard_normal((2, CHANNELS)).astype(np.float32)

Operator = Callable[..., ir.Model]


def _norm(operator: Operator, groups: int, sizes: tuple[str | int, ...] = ("time",)) -> ir.Model:
    dims = ("batch", CHANNELS, *sizes)
    inputs = [(FLOAT, dims), (FLOAT, (CHANNELS,)), (FLOAT, (CHANNELS,))]
    return operator("GroupNormalization", inputs, dims, {"num_groups": groups, "epsilon": 1e-3})


def _answers(runner: Callable[..., object], x: NDArray[np.float32]) -> NDArray[np.float32]:
    answer: NDArray[np.float32] = runner({"x0": x, "x1": SCALE, "x2": BIAS})["y"]  # type: ignore[index]
    return answer


def _formula(x: NDArray[np.float32], groups: int) -> NDArray[np.float64]:
    scale, bias = (torch.from_numpy(each).double() for each in (SCALE, BIAS))
    expected: NDArray[np.float64] = functional.group_norm(
        torch.from_numpy(x).double(), groups, scale, bias, 1e-3
    ).numpy()
    return expected


@pytest.mark.parametrize("groups", [1, 2, 3, CHANNELS])
@pytest.mark.parametrize("sizes", [(), (7,), (3, 4)])
def test_groups_become_instances_and_the_numbers_agree(
    groups: int, sizes: tuple[int, ...], operator: Operator, plainly: Plainly
) -> None:
    model = _norm(operator, groups, tuple(f"size{i}" for i, _ in enumerate(sizes)))
    x = DRAWN.standard_normal((3, CHANNELS, *sizes)).astype(np.float32)
    (site,) = apply(decompose_group_normalization, model).sites
    assert site.module == "encoder.part"
    assert "GroupNormalization" not in operators(model)
    np.testing.assert_allclose(_answers(plainly(model), x), _formula(x, groups), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("groups", [2, CHANNELS])
def test_constants_and_large_means_keep_their_digits_in_the_engine(groups: int, operator: Operator) -> None:
    runner = ORT_CPU.runner(_norm(operator, groups))
    for constant in np.linspace(-40, 40, 41, dtype=np.float32):
        constants = np.full((1, CHANNELS, 9), constant, np.float32)
        np.testing.assert_allclose(_answers(runner, constants)[0].T, np.tile(BIAS, (9, 1)), atol=1e-3)
    x = (1000 + DRAWN.standard_normal((1, CHANNELS, 90))).astype(np.float32)
    np.testing.assert_allclose(_answers(runner, x), _formula(x, groups), atol=1e-3)


def test_what_no_kernel_of_instances_takes_is_refused(operator: Operator) -> None:
    model = _norm(operator, 2)
    model.graph.inputs[0].shape = None
    applied = apply(decompose_group_normalization, model)
    assert applied.sites == ()
    assert "rank" in applied.refused[0].reason
    dims = ("batch", CHANNELS, "time")
    inputs = [(DOUBLE, dims), (DOUBLE, (CHANNELS,)), (DOUBLE, (CHANNELS,))]
    double = operator("GroupNormalization", inputs, dims, {"num_groups": 2})
    applied = apply(decompose_group_normalization, double)
    assert applied.sites == ()
    assert "double" in applied.refused[0].reason
