from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest
from onnx_ir.tape import Tape

from edgeattn.measure.assignment import expected_placement, session_placement
from edgeattn.measure.placement import multiply_accumulates, placement_of
from edgeattn_export.graph.dataflow import embed
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.files import serialize
from edgeattn_export.graph.runner import Partition
from edgeattn_export.targets.coreml import COREML
from edgeattn_export.targets.operators import Operators

NPU, CPU = "NpuExecutionProvider", "CPUExecutionProvider"
ENGINE = Engine("onnxruntime", "1.24", (CPU,))
X = {"x": np.ones((1, 3, 4), np.float32)}


def _taking(*names: str, fixed: bool = False) -> Operators:
    return Operators("a test", {("", name.lower()): "" for name in names}, fixed)


@pytest.fixture
def chain() -> ir.Model:
    """x (1, 3, 4) -> MatMul to 8 -> Tanh -> MatMul to 2 -> Relu."""
    x = ir.Value(name="x", type=ir.TensorType(ir.DataType.FLOAT), shape=ir.Shape((1, 3, 4)))
    tape = Tape()
    weights = [
        tape.initializer(ir.tensor(np.ones(dims, np.float32), name=name))
        for name, dims in (("w", (4, 8)), ("v", (8, 2)))
    ]
    inner = tape.op("Tanh", [tape.op("MatMul", [x, weights[0]])])
    y = tape.op("Relu", [tape.op("MatMul", [inner, weights[1]])])
    y.name = "y"
    graph = ir.Graph(
        [x], [y], nodes=tape.nodes, initializers=tape.initializers, opset_imports={"": 21}, name="chain"
    )
    for i, (node, width) in enumerate(zip(graph, (8, 8, 2, 2), strict=True)):
        node.name = f"node_{i}"
        (output,) = node.outputs
        output.shape, output.type = ir.Shape((1, 3, width)), ir.TensorType(ir.DataType.FLOAT)
        output.name = output.name or f"value_{i}"
    return ir.Model(graph, ir_version=10)


@pytest.fixture
def work(chain: ir.Model) -> dict[str, int]:
    return multiply_accumulates(chain, X, ENGINE)


def test_work_is_counted_in_multiply_accumulates(work: dict[str, int]) -> None:
    assert work == {"node_0": 3 * 4 * 8, "node_2": 3 * 8 * 2}


def test_a_graph_that_is_taken_whole_is_one_partition(chain: ir.Model, work: dict[str, int]) -> None:
    placement = expected_placement(chain, NPU, _taking("MatMul", "Tanh", "Relu", fixed=True), work)
    assert placement.is_whole
    assert placement.shares == {NPU: 1.0}


def test_what_falls_back_is_told_with_its_share_and_its_reason(chain: ir.Model, work: dict[str, int]) -> None:
    placement = expected_placement(chain, NPU, _taking("MatMul", "Relu"), work)
    assert (placement.partitions, placement.shares) == (2, {NPU: 1.0, CPU: 0.0})
    (fallback,) = placement.fallbacks
    assert (fallback.operator, fallback.count, fallback.share) == ("Tanh", 1, 0.0)
    assert "not in its list" in fallback.reason
    assert not placement.is_whole
    products = expected_placement(chain, NPU, _taking("Tanh"), work).fallbacks
    assert [each.operator for each in products] == ["MatMul", "Relu"]
    assert products[0].share == 1


def test_sizes_that_are_open_are_refused_where_they_must_be_fixed(
    chain: ir.Model, work: dict[str, int]
) -> None:
    chain.graph.inputs[0].shape = ir.Shape(("batch", 3, 4))
    placement = expected_placement(chain, NPU, _taking("MatMul", "Tanh", "Relu", fixed=True), work)
    assert placement.fallbacks[0].reason == "a size is not fixed"
    assert placement.shares[CPU] == pytest.approx(2 / 3)


def test_an_engine_tells_where_its_nodes_run(chain: ir.Model, work: dict[str, int], tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(serialize(chain))
    partitions = ENGINE.partitions(file)
    assert {partition.provider for partition in partitions} == {CPU}
    placement = session_placement(chain, CPU, partitions, work)
    assert placement.shares == {CPU: 1.0}
    assert placement.fallbacks == ()


def test_nodes_that_a_session_leaves_to_the_cpu_are_told(chain: ir.Model, work: dict[str, int]) -> None:
    told = [Partition(NPU, ("node_0",)), Partition(CPU, ("node_1",)), Partition(NPU, ("node_2", "node_3"))]
    placement = session_placement(chain, NPU, told, work)
    assert placement.partitions == 2
    assert placement.fallbacks[0].operator == "Tanh"
    merged = session_placement(chain, NPU, [Partition(NPU, ("node_0",)), Partition(CPU, ("fused",))], work)
    assert merged.shares[CPU] == pytest.approx(1 / 3)  # of the product that goes by another name


def test_a_node_written_anew_in_another_layout_is_the_same(chain: ir.Model, work: dict[str, int]) -> None:
    told = [Partition(NPU, ("node_0_token_5", "node_1", "node_2", "node_3"))]
    assert session_placement(chain, NPU, told, work).is_whole


def test_a_node_without_inputs_is_no_end() -> None:
    tape = Tape()
    x, y = (ir.val(name, ir.DataType.FLOAT, (4,)) for name in "xy")
    one = tape.op("Constant", [], {"value_float": 1.0}, name="one")
    tape.op("Add", [x, one], output=y, name="sum")
    graph = ir.Graph([x], [y], nodes=tape.nodes, opset_imports={"": 21}, name="sum")
    assert session_placement(ir.Model(graph, ir_version=10), NPU, [Partition(NPU, ("sum",))], {}).is_whole


def test_what_converts_the_ends_of_an_integer_graph_falls_back_nowhere() -> None:
    tape = Tape()
    x, y = (ir.val(name, ir.DataType.FLOAT, (4,)) for name in "xy")
    step, zero = (
        embed(tape, np.array(each), str(i)) for i, each in enumerate((np.float32(0.1), np.uint8(0)))
    )
    stored = tape.op("QuantizeLinear", [x, step, zero], name="first")
    squared = tape.op("Relu", [tape.op("DequantizeLinear", [stored, step, zero], name="second")], name="relu")
    again = tape.op("QuantizeLinear", [squared, step, zero], name="third")
    tape.op("DequantizeLinear", [again, step, zero], output=y, name="last")
    graph = ir.Graph(
        [x], [y], nodes=tape.nodes, initializers=tape.initializers, opset_imports={"": 21}, name="ends"
    )
    told = [
        Partition(NPU, ("second", "relu", "third")),
        Partition(CPU, ("first",)),
        Partition(CPU, ("last",)),
    ]
    assert session_placement(ir.Model(graph, ir_version=10), NPU, told, {}).is_whole


def test_the_first_graph_that_is_not_placed_whole_is_told_of(chain: ir.Model) -> None:
    whole, parted = chain, chain.clone()
    next(node for node in parted.graph if node.op_type == "Tanh").op_type = "Sinh"
    placed = placement_of(COREML, [(whole, X), (whole, X)])
    assert placed is not None
    assert placed.is_whole
    placed = placement_of(COREML, [(whole, X), (parted, X)])
    assert placed is not None
    assert [fallback.operator for fallback in placed.fallbacks] == ["Sinh"]


def test_the_list_of_a_phone_is_read() -> None:
    file = "coreml_supported_mlprogram_ops.md"
    operators = Operators.of_onnxruntime(file)
    assert file in operators.source
    assert operators.refusal(ir.node("LayerNormalization", [])) is None
    assert operators.refusal(ir.node("Attention", [])) is not None
    assert operators.refusal(ir.node("LayerNormalization", [], domain="com.unheard")) is not None


def test_attention_counts_both_of_its_products() -> None:
    q, k, v = (
        ir.Value(name=name, type=ir.TensorType(ir.DataType.FLOAT), shape=ir.Shape((1, 2, length, 4)))
        for name, length in (("q", 3), ("k", 5), ("v", 5))
    )
    tape = Tape()
    y = tape.op("Attention", [q, k, v], name="attention")
    y.name = "y"
    graph = ir.Graph([q, k, v], [y], nodes=tape.nodes, opset_imports={"": 23}, name="attention")
    inputs = {name: np.ones((1, 2, length, 4), np.float32) for name, length in (("q", 3), ("k", 5), ("v", 5))}
    model = ir.Model(graph, ir_version=11)
    assert multiply_accumulates(model, inputs, ENGINE) == {"attention": 2 * 3 * 5 * (4 + 4)}
