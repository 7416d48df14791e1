from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import onnx_ir as ir
import pytest
import torch
from draws import drawn_seed
from fixture_types import Export
from onnx_ir.tape import Tape
from torch import Tensor, nn

from edgeattn_export.capture import Captured
from edgeattn_export.graph.apply import Refused
from edgeattn_export.graph.dataflow import operators
from edgeattn_export.graph.files import serialize
from edgeattn_export.graph.prove import Proof, apply_proven
from edgeattn_export.graph.rule import Emit, Refusal, Rule, rule
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.graph.trials import trials
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_runtime.errors import EdgeAttnError

TOLERANCE = 1e-5  # of the numbers
TOO_FAR = 3e-4


def swapping(by: Mapping[str, Callable[[Tape, ir.Value], ir.Value]]) -> Rule:
    """Write Erf as another operator, as each module's entry says; refuse where there is none."""

    @rule("swapping", "Erf")
    def swap(node: ir.Node) -> Emit | Refusal:
        module = module_of(node)
        if module not in by:
            return Refusal("left out")
        return lambda tape: {node.outputs[0]: by[module](tape, node.inputs[0])}

    return swap


def _right(tape: Tape, x: ir.Value) -> ir.Value:
    return tape.op("Neg", [tape.op("Erf", [tape.op("Neg", [x])])])


def _wrong(tape: Tape, x: ir.Value) -> ir.Value:
    return tape.op("Tanh", [x])


def _slightly_wrong(tape: Tape, x: ir.Value) -> ir.Value:
    more = tape.initializer(ir.tensor(np.array(1 + TOO_FAR, np.float32), name="more"), "more")
    return tape.op("Mul", [tape.op("Erf", [x]), more])


def _broken(tape: Tape, x: ir.Value) -> ir.Value:
    return tape.op("NoSuchOperator", [x])


class Erf(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.erf(x)


class Two(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = Erf(), Erf()

    def forward(self, x: Tensor) -> Tensor:
        return self.first(x) + self.second(2 * x)


@pytest.fixture(scope="module")
def two(exported: Export) -> tuple[Captured, Samples]:
    generator = torch.Generator().manual_seed(drawn_seed(0))
    return exported(Two(), [{"x": torch.randn(1, length, 4, generator=generator)} for length in (5, 3, 7)])


@pytest.fixture(scope="module")
def proof(two: tuple[Captured, Samples]) -> Proof:
    captured, samples = two
    return Proof.of(ORT_CPU, captured.model, trials(samples, captured.axes))


def test_a_right_rewrite_is_kept(two: tuple[Captured, Samples], proof: Proof) -> None:
    before = serialize(two[0].model)
    model, applied = apply_proven(swapping({"first": _right, "second": _right}), two[0].model, proof)
    assert [site.module for site in applied.sites] == ["first", "second"]
    assert operators(model)["Neg"] == 4
    assert serialize(two[0].model) == before  # the graph given is left as it is


@pytest.mark.parametrize("module", ["first", "second"])
@pytest.mark.parametrize(
    ("rewrite", "reason"),
    [(_wrong, "'output' differs"), (_slightly_wrong, "'output' differs"), (_broken, "NoSuchOperator")],
)
def test_a_wrong_rewrite_is_undone(
    rewrite: Callable[[Tape, ir.Value], ir.Value],
    reason: str,
    module: str,
    two: tuple[Captured, Samples],
    proof: Proof,
) -> None:
    model, applied = apply_proven(swapping({module: rewrite}), two[0].model, proof)
    assert model is two[0].model
    assert applied.sites == ()
    undone = {refused.module: refused for refused in applied.refused}
    assert set(undone) == {"first", "second"}
    assert undone[module].rule == "swapping"
    assert undone[module].reason.startswith("undone: ")
    assert reason in undone[module].reason
    assert undone.keys() - {module} == {r.module for r in applied.refused if r.reason == "left out"}


@pytest.mark.parametrize(("right", "wrong"), [("first", "second"), ("second", "first")])
def test_a_rule_wrong_at_one_site_keeps_the_other(
    right: str, wrong: str, two: tuple[Captured, Samples], proof: Proof
) -> None:
    captured, samples = two
    model, applied = apply_proven(swapping({right: _right, wrong: _wrong}), captured.model, proof)
    assert [site.module for site in applied.sites] == [right]
    (undone,) = applied.refused
    assert isinstance(undone, Refused)
    assert undone.module == wrong
    assert "'output' differs" in undone.reason
    assert operators(model) == {"Erf": 2, "Neg": 2, "Mul": 1, "Add": 1}
    inputs = samples[0].inputs
    actual, expected = (ORT_CPU.runner(m)(inputs)["output"] for m in (model, captured.model))
    np.testing.assert_allclose(actual, expected, rtol=TOLERANCE)


def test_wrong_at_every_site_leaves_the_graph(two: tuple[Captured, Samples], proof: Proof) -> None:
    model, applied = apply_proven(swapping({"first": _wrong, "second": _wrong}), two[0].model, proof)
    assert model is two[0].model
    assert [refused.reason.split(":")[0] for refused in applied.refused] == ["undone", "undone"]


def test_the_proof_covers_the_trials(two: tuple[Captured, Samples], proof: Proof) -> None:
    assert [inputs["x"].shape for inputs, _ in proof.cases] == [(1, 3, 4), (1, 7, 4), (3, 5, 4), (1, 1, 4)]
    assert proof.objection(two[0].model) is None


@pytest.fixture(scope="module")
def convolution(exported: Export) -> tuple[Captured, Samples]:
    raw = [{"input": torch.randn(1, 4, length)} for length in (5, 6, 8)]
    return exported(nn.Conv1d(4, 4, 3), raw)


def test_sizes_beyond_the_graph_prove_nothing(convolution: tuple[Captured, Samples]) -> None:
    captured, samples = convolution
    proof = Proof.of(ORT_CPU, captured.model, trials(samples, captured.axes))
    shapes = [inputs["input"].shape for inputs, _ in proof.cases]
    assert shapes == [(1, 4, 5), (1, 4, 8), (3, 4, 6)]  # and none of length 1, which no kernel of 3 takes


def test_the_first_trial_must_run(convolution: tuple[Captured, Samples]) -> None:
    captured, _ = convolution
    beyond = {"input": np.zeros((1, 4, 1), np.float32)}
    with pytest.raises(EdgeAttnError):
        Proof.of(ORT_CPU, captured.model, [beyond])


def test_a_row_that_the_first_graph_answers_with_nan_may_be_anything() -> None:
    def graph(*operators: str) -> ir.Model:
        tape = Tape()
        x, y = (ir.val(name, ir.DataType.FLOAT, ("batch",)) for name in ("x", "y"))
        value = x
        for operator in operators[:-1]:
            value = tape.op(operator, [value])
        tape.op(operators[-1], [value], output=y)
        return ir.Model(ir.Graph([x], [y], nodes=tape.nodes, opset_imports={"": 23}), ir_version=10)

    proof = Proof.of(ORT_CPU, graph("Sqrt"), [{"x": np.array([4.0, -1.0], np.float32)}])
    assert np.isnan(proof.cases[0][1]["y"]).tolist() == [False, True]
    assert proof.objection(graph("Abs", "Sqrt")) is None
    assert proof.objection(graph("Abs")) is not None


class SmallBesideLarge(nn.Module):
    """A channel of .002 beside one around 300."""

    def __init__(self) -> None:
        super().__init__()
        self.small = Erf()

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([300 + x, 0.002 * self.small(x)], -1)


def test_a_small_channel_is_seen_beside_a_large_one(exported: Export) -> None:
    captured, samples = exported(SmallBesideLarge(), [{"x": torch.randn(1, n, 1)} for n in (5, 3, 7)])
    proof = Proof.of(ORT_CPU, captured.model, trials(samples, captured.axes))
    negated = swapping({"small": lambda tape, x: tape.op("Neg", [tape.op("Erf", [x])])})
    model, applied = apply_proven(negated, captured.model, proof)
    assert model is captured.model
    (undone,) = applied.refused
    assert "'output' differs in channel 1 by" in undone.reason
    _, applied = apply_proven(swapping({"small": _right}), captured.model, proof)
    assert applied.sites


@rule("breaking", "Erf")
def breaking(node: ir.Node) -> Emit:
    """Write an operator that reads what comes after it, so that no order of the nodes is left."""
    return lambda tape: {node.outputs[0]: tape.op("Neg", [node.outputs[0]])}


def test_a_rule_that_breaks_the_graph_is_undone_whole(two: tuple[Captured, Samples]) -> None:
    captured, samples = two
    proof = Proof.of(ORT_CPU, captured.model, trials(samples, captured.axes))
    model, applied = apply_proven(breaking, captured.model, proof)
    assert model is captured.model
    assert applied.sites == ()
    assert any("left out, as it failed" in refused.reason for refused in applied.refused)
