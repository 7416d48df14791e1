from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.graph.apply import Refused, Site, apply, apply_or_refuse, merge_duplicates
from edgeattn_export.graph.dataflow import embed, operators
from edgeattn_export.graph.rule import Emit, Refusal, Replaced, rule
from edgeattn_export.graph.scopes import MODULE, module_of
from edgeattn_export.lower.ort_cpu import ORT_CPU


@rule("doubling", "Abs")
def doubling(node: ir.Node) -> Emit | Refusal | None:
    """Write Abs as a multiplication by 2: enough of a rule to see what becomes of it."""

    def emit(tape: Tape) -> Replaced:
        two = tape.initializer(ir.tensor(np.array(2.0, np.float32), name="two"), "two")
        return {node.outputs[0]: tape.op("Mul", [node.inputs[0], two])}

    match node.name:
        case "refused":
            return Refusal("it is called so")
        case "ignored":
            return None
    return emit


@pytest.fixture
def model() -> ir.Model:
    """x -> Abs -> Neg -> Abs -> y, and two more Abs beside them."""
    tape = Tape()
    x, inner, y, z, w = (
        ir.val(name, ir.DataType.FLOAT, ("batch", 2)) for name in ("x", "inner", "y", "z", "w")
    )
    tape.op("Abs", [x], name="first", output=inner, metadata_props={MODULE: "layer.0"})
    negative = tape.op("Neg", [inner])
    tape.op("Abs", [negative], name="last", output=y, metadata_props={MODULE: "layer.1"})
    tape.op("Abs", [x], name="refused", output=z, metadata_props={MODULE: "layer.2"})
    tape.op("Abs", [x], name="ignored", output=w)
    return model_of(tape, [x], [y, z, w])


X = np.array([[-1.0, 3.0]], np.float32)


def test_sites_and_refusals_are_told(model: ir.Model) -> None:
    applied = apply(doubling, model)
    assert applied.sites == (Site("first", "layer.0", "inner"), Site("last", "layer.1", "y"))
    assert applied.refused == (Refused("doubling", "refused", "layer.2", "it is called so"),)


def test_the_form_is_replaced_and_the_rest_left(model: ir.Model) -> None:
    apply(doubling, model)
    assert operators(model) == {"Mul": 2, "Abs": 2, "Neg": 1}
    actual = ORT_CPU.runner(model)({"x": X})
    np.testing.assert_array_equal(actual["y"], -4 * X)
    np.testing.assert_array_equal(actual["z"], abs(X))


def test_values_keep_their_names_dims_and_module(model: ir.Model) -> None:
    apply(doubling, model)
    assert [value.name for value in model.graph.outputs] == ["y", "z", "w"]
    values = {value.name: value for node in model.graph for value in node.outputs}
    assert values["inner"].shape == model.graph.inputs[0].shape
    assert values["inner"].dtype is ir.DataType.FLOAT
    assert [module_of(node) for node in model.graph if node.op_type == "Mul"] == ["layer.0", "layer.1"]


def test_constants_do_not_overwrite_one_another(model: ir.Model) -> None:
    apply(doubling, model)
    assert sorted(model.graph.initializers) == ["two", "two_2"]


def test_only_where_wanted(model: ir.Model) -> None:
    applied = apply(doubling, model, {"last"}.__contains__)
    assert [site.node for site in applied.sites] == ["last"]
    assert operators(model)["Abs"] == 3
    np.testing.assert_array_equal(ORT_CPU.runner(model)({"x": X})["y"], -2 * abs(X))


def test_nothing_wanted_nothing_changed(model: ir.Model) -> None:
    before = ir.to_proto(model)
    assert apply(doubling, model, lambda _: False).sites == ()
    assert ir.to_proto(model) == before


def test_one_value_under_two_names_keeps_both(model: ir.Model) -> None:
    again = ir.val("again", ir.DataType.FLOAT, ("batch", 2))
    model.graph.append(ir.Node("", "Identity", [model.graph.outputs[0]], outputs=[again]))
    model.graph.outputs.append(again)
    for _ in range(2):  # also where an earlier rule has put it in order
        apply(doubling, model)
    actual = ORT_CPU.runner(model)({"x": X})
    assert list(actual) == ["y", "z", "w", "again"]
    np.testing.assert_array_equal(actual["again"], actual["y"])


CHAINS = [
    (("a", "neg"), ["neg"], 0),
    (("neg", "a"), ["a"], 0),
    (("neg", "a"), ["neg", "a"], 1),
    (("neg", "a", "b"), ["neg", "b"], 1),
    (("neg", "a", "b"), ["neg", "a", "b"], 2),
]


@pytest.mark.parametrize(("names", "outputs", "left"), CHAINS)
def test_identities_go_where_they_hold_no_two_outputs_apart(
    names: tuple[str, ...], outputs: list[str], left: int
) -> None:
    tape = Tape()
    x = ir.val("x", ir.DataType.FLOAT, ("batch", 2))
    values = [tape.op("Abs", [x])]
    for name in names:
        values.append(ir.val(name, ir.DataType.FLOAT, ("batch", 2)))
        tape.op("Neg" if name == "neg" else "Identity", [values[-2]], output=values[-1])
    ends = [value for value in values if value.name in outputs]
    model = model_of(tape, [x], ends)
    apply(doubling, model)
    assert operators(model).get("Identity", 0) == left
    actual = ORT_CPU.runner(model)({"x": X})
    assert {name: value.tolist() for name, value in actual.items()} == dict.fromkeys(
        outputs, (-2 * X).tolist()
    )


@rule("doubling", "Abs")
def failing(node: ir.Node) -> Emit | Refusal | None:
    """Fail at the first node in checking, and at the last in writing."""

    def emit(tape: Tape) -> Replaced:
        tape.op("Neg", [node.inputs[0]])
        raise IndexError("planted")

    if node.name == "first":
        raise ZeroDivisionError("planted")
    return emit if node.name == "last" else doubling.check(node)


def test_a_rule_to_do_without_leaves_a_node_at_which_it_fails(model: ir.Model) -> None:
    before = ir.to_proto(model)
    applied = apply_or_refuse(failing, model)
    reasons = {refused.module: refused.reason for refused in applied.refused}
    assert applied.sites == ()
    assert "ZeroDivisionError: planted" in reasons["layer.0"]
    assert "IndexError: planted" in reasons["layer.1"]
    assert ir.to_proto(model) == before


def test_a_rule_that_an_export_needs_fails_aloud(model: ir.Model) -> None:
    with pytest.raises(ZeroDivisionError):
        apply(failing, model)


def _two(first: tuple[str, float], second: tuple[str, float]) -> ir.Model:
    """Return a graph of two values, each an operator of x and a constant of its own."""
    tape = Tape()
    x = ir.val("x", ir.DataType.FLOAT, ("batch",))
    outputs = []
    for place, (operator, number) in enumerate((first, second)):
        constant = embed(tape, np.array(number, np.float32), f"constant{place}")
        output = ir.val(f"output{place}", ir.DataType.FLOAT, ("batch",))
        tape.op("Neg", [tape.op(operator, [x, constant])], output=output)
        outputs.append(output)
    graph = ir.Graph(
        [x], outputs, nodes=tape.nodes, initializers=tape.initializers, opset_imports={"": 23}, name="two"
    )
    return ir.Model(graph, ir_version=10)


SHARED_INPUT = {"x": np.array([3.0, -4.0], np.float32)}


def test_equal_constants_and_computations_become_one_and_the_answers_stay() -> None:
    model = _two(("Mul", 2.0), ("Mul", 2.0))
    expected = ORT_CPU.runner(model)(SHARED_INPUT)
    merge_duplicates(model)
    assert operators(model)["Mul"] == 1
    assert len(model.graph.initializers) == 1
    actual = ORT_CPU.runner(model)(SHARED_INPUT)
    assert list(actual) == ["output0", "output1"]
    for name, value in expected.items():
        np.testing.assert_array_equal(actual[name], value)


@pytest.mark.parametrize("second", [("Mul", 3.0), ("Div", 2.0)], ids=["constant", "operator"])
def test_what_differs_is_computed_apart(second: tuple[str, float]) -> None:
    model = _two(("Mul", 2.0), second)
    expected = ORT_CPU.runner(model)(SHARED_INPUT)
    merge_duplicates(model)
    assert sum(operators(model).values()) == 4
    for name, value in expected.items():
        np.testing.assert_array_equal(ORT_CPU.runner(model)(SHARED_INPUT)[name], value)
