from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx_ir as ir
import pytest
from attention_cases import BOOL, CASES, FLOAT, Build, Case, drawn_cases
from fixture_types import Plainly
from hypothesis import given
from numpy.typing import NDArray

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import constant, operators
from edgeattn_export.lower.decomposed.attention import decompose_attention
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.recover.rules.attention.outputs import AFTER_SOFTMAX, MODE

TOLERANCE = 1e-5


def _agree(expected: Mapping[str, NDArray[np.generic]], found: Mapping[str, NDArray[np.generic]]) -> None:
    np.testing.assert_allclose(found["y"], expected["y"], rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_attention_becomes_its_products(case: Case, operator: Build, plainly: Plainly) -> None:
    model = case.model(operator)
    expected = ORT_CPU.runner(model)(case.inputs())
    assert len(apply(decompose_attention, model).sites) == 1
    found = operators(model)
    assert (found["MatMul"], found["Softmax"]) == (2, 1)
    assert "Attention" not in found
    _agree(expected, plainly(model)(case.inputs()))


@given(case=drawn_cases)
def test_it_answers_as_the_operator_does(case: Case, operator: Build, plainly: Plainly) -> None:
    model = case.model(operator)
    expected = ORT_CPU.runner(model)(case.inputs())
    apply(decompose_attention, model)
    _agree(expected, plainly(model)(case.inputs()))


@pytest.mark.parametrize("dtype", [FLOAT, BOOL])
def test_a_query_that_sees_no_key_gets_zeros(dtype: ir.DataType, operator: Build, plainly: Plainly) -> None:
    case = Case(mask=(True, False, True, True), dtype=dtype)
    model, inputs = case.model(operator), case.inputs()
    inputs["x3"] = inputs["x3"].copy()
    inputs["x3"][0, :, 1] = False if dtype is BOOL else -np.inf
    expected = ORT_CPU.runner(model)(inputs)
    apply(decompose_attention, model)
    found = plainly(model)(inputs)
    assert not found["y"][0, 1].any()
    _agree(expected, found)


@pytest.mark.parametrize("case", [Case(), Case(group=2, flat=False), Case(mask=(True, False, True, True))])
def test_weights_that_are_given_out_are_those_of_the_softmax(
    case: Case, operator: Build, plainly: Plainly
) -> None:
    model, inputs = _with_weights(case.model(operator, shown=4)), case.inputs()
    if case.mask is not None:
        inputs["x3"][0, :, 1] = -np.inf  # a query that sees no key
    expected = ORT_CPU.runner(model)(inputs)
    assert len(apply(decompose_attention, model).sites) == 1
    found = plainly(model)(inputs)
    _agree(expected, found)
    np.testing.assert_allclose(found["y3"], expected["y3"], atol=TOLERANCE)


def _with_weights(model: ir.Model, mode: int = AFTER_SOFTMAX) -> ir.Model:
    (node,) = model.graph
    node.attributes[MODE] = ir.AttrInt64(MODE, mode)
    for cache in node.outputs[1:3]:
        model.graph.outputs.remove(cache)
        cache.name = ""
    return model


def test_scores_that_are_given_out_are_refused(operator: Build) -> None:
    (refused,) = apply(decompose_attention, _with_weights(Case().model(operator, shown=4), mode=0)).refused
    assert "its scores or its cache are used elsewhere" in refused.reason


@pytest.mark.parametrize("case", [Case(), Case(causal=True)])
def test_where_each_query_sees_a_key_nothing_is_multiplied(case: Case, operator: Build) -> None:
    model = case.model(operator)
    apply(decompose_attention, model)
    assert "ReduceMax" not in operators(model)
    assert operators(model)["Mul"] == 1  # the scale


def test_no_number_is_infinite(operator: Build) -> None:
    model = Case(mask=(True, True), causal=True, dtype=BOOL).model(operator)
    apply(decompose_attention, model)
    known = [constant(value) for value in model.graph.initializers.values()]
    assert all(np.isfinite(array).all() for array in known if array is not None)


QKV = [(FLOAT, ("batch", "queries", 8))] * 3
HEADS = {"q_num_heads": 2, "kv_num_heads": 2}
PAST = (FLOAT, ("batch", 2, "past", 4))


@pytest.mark.parametrize(
    ("inputs", "attributes", "shown", "reason"),
    [
        ([*QKV, None, PAST, PAST], HEADS, 3, "cache"),
        (QKV, HEADS, 4, "scores"),
        (QKV, {**HEADS, "softmax_precision": int(ir.DataType.FLOAT16)}, 1, "FLOAT16"),
        ([(ir.DataType.FLOAT16, dims) for _, dims in QKV], HEADS, 1, "FLOAT16"),
        (
            [(FLOAT, ("batch", "heads", "queries", 4)), *[(FLOAT, ("batch", 2, "keys", 4))] * 2],
            {},
            1,
            "heads",
        ),
        ([(FLOAT, ("batch", "queries", "width"))] * 3, HEADS, 1, "scale"),
        ([(FLOAT, ("queries", 8))] * 3, HEADS, 1, "rank 2 and 2"),
    ],
    ids=[
        "a cache",
        "scores",
        "half precision within",
        "half precision",
        "heads unknown",
        "scale unknown",
        "two axes",
    ],
)
def test_what_has_no_plain_form_is_refused(
    inputs: list[tuple[ir.DataType, tuple[int | str, ...]] | None],
    attributes: dict[str, int],
    shown: int,
    reason: str,
    operator: Build,
) -> None:
    model = operator("Attention", inputs, ("batch", "queries", 8), attributes, shown)
    applied = apply(decompose_attention, model)
    assert applied.sites == ()
    assert [refused.module for refused in applied.refused] == ["encoder.part"]
    assert reason in applied.refused[0].reason
    assert operators(model) == {"Attention": 1}
