from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import embed
from edgeattn_export.quantize.layers.deciding import decides
from edgeattn_export.quantize.layers.match import find_layers

WEIGHT = np.eye(4, dtype=np.float32)

Outputs = list[ir.Value]
After = Callable[[Tape, ir.Value], Outputs]


def _model(after: After) -> ir.Model:
    """Return ``after(x @ WEIGHT)``, whose outputs are the graph's."""
    tape = Tape()
    x = ir.val("x", ir.DataType.FLOAT, ("n", 4))
    product = tape.op("MatMul", [x, embed(tape, WEIGHT, "router")])
    product.name = "scores"
    outputs = after(tape, product)
    graph = ir.Graph(
        [x],
        outputs,
        nodes=tape.nodes,
        initializers=tape.initializers,
        opset_imports={"": 23},
        name="router",
    )
    return ir.Model(graph, ir_version=10)


def _is_decision(after: After) -> bool:
    (node, *_) = _model(after).graph
    return decides(node.outputs[0])


def _chosen(tape: Tape, scores: ir.Value) -> tuple[ir.Value, ir.Value]:
    two = embed(tape, np.array([2]), "two")
    values, indices = tape.op_multi_out("TopK", [scores, two], num_outputs=2)
    return values, indices


def _rows_of(tape: Tape, indices: ir.Value) -> ir.Value:
    return tape.op("Gather", [embed(tape, WEIGHT, "table"), indices])


def _routed(tape: Tape, scores: ir.Value) -> Outputs:
    _, indices = _chosen(tape, tape.op("Softmax", [scores]))
    return [_rows_of(tape, indices)]


def _in_groups(tape: Tape, scores: ir.Value) -> Outputs:
    shape = embed(tape, np.array([0, 2, 2]), "shape")
    grouped = tape.op("ReduceMax", [tape.op("Reshape", [tape.op("Sigmoid", [scores]), shape])])  # (n, 2, 1)
    return [_rows_of(tape, tape.op("ArgMax", [grouped]))]


def _compared(tape: Tape, scores: ir.Value) -> Outputs:
    _, indices = _chosen(tape, tape.op("MatMul", [scores, tape.op("Transpose", [scores])]))
    return [_rows_of(tape, indices)]


def _likeliest(tape: Tape, scores: ir.Value) -> Outputs:
    return [tape.op("Cast", [tape.op("ArgMax", [scores])], {"to": ir.DataType.INT32.value})]


def _best(tape: Tape, scores: ir.Value) -> Outputs:
    return list(_chosen(tape, scores))


def _behind_a_layer(tape: Tape, scores: ir.Value) -> Outputs:
    return _routed(tape, tape.op("MatMul", [scores, embed(tape, WEIGHT, "next")]))


def _sizes(tape: Tape, scores: ir.Value) -> Outputs:
    _, indices = tape.op_multi_out(
        "TopK", [embed(tape, WEIGHT[0], "known"), tape.op("Cast", [scores])], num_outputs=2
    )
    return [_rows_of(tape, indices)]


@pytest.mark.parametrize("after", [_routed, _in_groups, _compared])
def test_a_layer_whose_scores_choose_what_comes_next_decides(after: After) -> None:
    assert _is_decision(after)


@pytest.mark.parametrize("after", [_likeliest, _best, _behind_a_layer, _sizes])
def test_a_layer_that_chooses_the_answer_or_nothing_does_not(after: After) -> None:
    assert not _is_decision(after)


def test_what_decides_is_no_layer_for_a_recipe() -> None:
    assert find_layers(_model(_routed)) == ()
    assert len(find_layers(_model(_best))) == 1
    (left,) = find_layers(_model(_behind_a_layer))
    assert left.output == "scores"
