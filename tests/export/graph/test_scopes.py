from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import onnx_ir as ir
import pytest
from onnx_ir.tape import Tape

from edgeattn_export.capture import Captured
from edgeattn_export.graph.files import serialize
from edgeattn_export.graph.scopes import MODULE, joint_module, keep_scopes, module_of, modules_in
from edgeattn_export.lower import Lowered
from edgeattn_export.quantize import Quantized
from edgeattn_export.recover import Recovered

REPOSITORY = Path(__file__).parents[3]


def _node(module: str) -> ir.Node:
    return ir.Node("", "Relu", [None], metadata_props={MODULE: module})


@pytest.mark.parametrize(
    ("modules", "joint"),
    [
        (["a.b.query", "a.b.key", "a.b.value"], "a.b.query+key+value"),
        (["query", "key"], "query+key"),
        (["a.query", "a.query"], "a.query"),
        (["a.query", "b.key"], "a.query+b.key"),
        (["layer", ""], "layer+"),
    ],
)
def test_several_modules_have_one_name(modules: list[str], joint: str) -> None:
    assert joint_module(map(_node, modules)) == joint
    assert modules_in(joint) == list(dict.fromkeys(modules))


@pytest.mark.parametrize(
    ("scopes", "module"),
    [
        ("['', 'module', 'module.encoder', 'module.encoder.0', 'linear']", "encoder.0"),
        ("['', 'module', 'add']", ""),
        ("['', 'module.module', 'add']", "module"),  # an owner may call a part so too
        ("['', '_empty_nn_module_stack_from_metadata_hook', 'eq']", ""),  # a node of PyTorch's own passes
        (None, ""),
    ],
)
def test_the_innermost_module_is_kept_and_nothing_else(scopes: str | None, module: str) -> None:
    tape = Tape()
    output = tape.op("Relu", [None])
    node = tape.nodes[0]
    node.metadata_props["pkg.torch.onnx.stack_trace"] = 'File "/home/me/model.py", line 3'
    if scopes:
        node.metadata_props["pkg.torch.onnx.name_scopes"] = scopes
    keep_scopes(ir.Model(ir.Graph([], [output], nodes=tape.nodes), ir_version=10))
    assert dict(node.metadata_props) == {MODULE: module}


def test_every_stage_knows_the_pytorch_modules(
    encoder: Captured, recovered: Recovered, lowered: Lowered, quantized: Quantized
) -> None:
    captured = {module_of(node) for node in encoder.model.graph}
    assert {"", "query", "key", "value", "output", "norm1", "up", "down", "tokens"} <= captured
    for model in (recovered.model, lowered.model):
        assert "query+key+value" in {module_of(node) for node in model.graph}
    assert {"query+key+value", "up"} <= {module_of(node) for node in quantized.model.graph}


@pytest.mark.parametrize("stage", ["captured", "recovered", "lowered", "quantized"])
def test_no_path_of_this_machine_is_shipped(stage: str, request: pytest.FixtureRequest) -> None:
    read: dict[str, Callable[[], ir.Model]] = {
        "captured": lambda: request.getfixturevalue("encoder").model,
        "recovered": lambda: request.getfixturevalue("recovered").model,
        "lowered": lambda: request.getfixturevalue("lowered").model,
        "quantized": lambda: request.getfixturevalue("quantized").model,
    }
    data = serialize(read[stage]())
    for trace in (str(REPOSITORY), "site-packages", "conftest", "forward"):
        assert trace.encode() not in data
