from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest
from attention_cases import BOOL, CASES, FLOAT, Build, Case, drawn_cases
from fixture_types import Plainly
from hypothesis import given

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import operators
from edgeattn_export.graph.hosts import Elsewhere
from edgeattn_export.lower.decomposed.opset import OLDEST, write_at_opset
from edgeattn_export.lower.ort_1_21 import ENVIRONMENT, LOWERINGS, ORT_1_21
from edgeattn_export.lower.ort_1_21.multi_head_attention import multi_head_attention
from edgeattn_export.lower.ort_cpu import ORT_CPU

TOLERANCE = 1e-5
OPERATOR = "MultiHeadAttention"
BY_HEAD = Case(mask=(False, True, False, True))
FOR_PRODUCTS = {
    "heads apart": Case(flat=False),
    "grouped": Case(group=2),
    "capped": Case(softcap=2.0),
    "a mask of each head that may hide all": BY_HEAD,
}


def _lowered(case: Case, build: Build) -> ir.Model:
    model = case.model(build)
    for rule in LOWERINGS:
        apply(rule, model)
    write_at_opset(model, OLDEST)
    return model


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_oldest_release_answers_as_the_operator_does(case: Case, operator: Build) -> None:
    if (lacking := ENVIRONMENT.missing()) is not None:
        pytest.skip(lacking)
    found = ORT_1_21.on(Elsewhere(ENVIRONMENT)).runner(_lowered(case, operator))(case.inputs())["y"]
    expected = ORT_CPU.runner(case.model(operator))(case.inputs())["y"]
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE)


@given(case=drawn_cases)
def test_this_release_answers_as_the_operator_does(case: Case, operator: Build, plainly: Plainly) -> None:
    found = plainly(_lowered(case, operator))(case.inputs())["y"]
    expected = ORT_CPU.runner(case.model(operator))(case.inputs())["y"]
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("dtype", [FLOAT, BOOL])
@pytest.mark.parametrize("mask", [(True, False, True, True), (True, True)])
def test_a_query_that_sees_no_key_gets_zeros(
    mask: tuple[bool, ...], dtype: ir.DataType, operator: Build, plainly: Plainly
) -> None:
    case = Case(mask=mask, dtype=dtype)
    model, inputs = _lowered(case, operator), case.inputs()
    inputs["x3"] = inputs["x3"].copy()
    inputs["x3"][..., 1, :] = False if dtype is BOOL else -np.inf
    assert operators(model)[OPERATOR] == 1
    found = plainly(model)(inputs)["y"]
    assert not found[:, 1].any()
    expected = ORT_CPU.runner(case.model(operator))(inputs)["y"]
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("case", [Case(mask=(True, False, False, True)), Case(causal=True)])
def test_a_bias_holds_every_head(case: Case, operator: Build, plainly: Plainly) -> None:
    """The defect of 1.21.0 is in memory that is read, so an answer may be right by chance."""
    model = _lowered(case, operator)
    (attention,) = (node for node in model.graph if node.op_type == OPERATOR)
    bias = attention.inputs[5]
    assert bias is not None
    bias.dtype = FLOAT
    model.graph.outputs.append(bias)
    shape = plainly(model)(case.inputs())[bias.name or ""].shape
    assert shape == (case.batch if case.mask else 1, case.heads, case.queries, case.keys)


@pytest.mark.parametrize("case", FOR_PRODUCTS.values(), ids=FOR_PRODUCTS)
def test_what_the_operator_cannot_say_becomes_products(case: Case, operator: Build) -> None:
    assert apply(multi_head_attention, case.model(operator)).sites == ()
    assert OPERATOR not in operators(_lowered(case, operator))


def test_a_mask_of_unknown_rank_becomes_products(operator: Build) -> None:
    model = Case(mask=(True, False, False, True)).model(operator)
    model.graph.inputs[3].shape = None
    assert apply(multi_head_attention, model).sites == ()
