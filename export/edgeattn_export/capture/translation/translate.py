"""An exported program -> ir.Model: PyTorch's own translation to ONNX, its ends by the user's names.

Before: u = item(_is_all_true(n == m)); _assert_scalar(u == 1); y = f(x)
After:  y = f(x)

Checks that a module makes of values go first: a graph has no use for them. The exporter drops only the
assertion, and has no translation for what computes it.
"""

from __future__ import annotations

import operator

import onnx_ir as ir
import torch
from onnx_ir.passes.common import NameFixPass

from edgeattn_export.capture.adapt.grouped_products import name_hidden_operators
from edgeattn_export.capture.adapt.operators import TRANSLATED
from edgeattn_export.capture.adapt.tracing import traceable
from edgeattn_export.capture.captured import OPSET
from edgeattn_export.capture.export_errors import ValueDependentError, depends_on_values, explanation
from edgeattn_export.capture.strategies.request import Program, TraceRequest
from edgeattn_export.capture.translation.constants import adopt_constants, exact_constants
from edgeattn_export.graph.files import make_contiguous
from edgeattn_runtime.errors import CaptureError

_CHECKS = frozenset(
    {
        torch.ops.aten._assert_async.default,
        torch.ops.aten._assert_async.msg,
        torch.ops.aten._assert_scalar.default,
    }
)
_ITEM = torch.ops.aten.item.default


def reads_numbers(program: Program, request: TraceRequest) -> bool:
    """Say whether a program makes a number of the values of lengths that fill an axis in every call."""
    inputs = zip(request.samples.names, program.graph_signature.user_inputs, strict=True)
    names = {placeholder for name, placeholder in inputs if name in request.lengths}
    items = (node for node in program.graph.nodes if node.target is _ITEM)
    return any(
        source.op == "placeholder" and source.name in names for item in items for source in _sources(item)
    )


def checks_sizes(program: Program) -> bool:
    """Say whether a program checks that a number is a size, where it read the number off a tensor."""
    checks = (node.args[0] for node in program.graph.nodes if node.target in _CHECKS)
    return any(
        condition.target is operator.eq and any(node.target is _ITEM for node in _sources(condition))
        for condition in checks
        if isinstance(condition, torch.fx.Node)
    )


def _sources(node: torch.fx.Node) -> set[torch.fx.Node]:
    """Return all that a node is made of."""
    sources, pending = set[torch.fx.Node](), [node]
    while pending:
        new = set(pending.pop().all_input_nodes) - sources
        sources |= new
        pending += new
    return sources


def drop_checks(program: Program) -> None:
    """Drop the checks of a program, in place, and what was computed only for them."""
    for module in program.graph_module.modules():
        if isinstance(module, torch.fx.GraphModule):
            _register_users(module.graph)
            for node in [node for node in module.graph.nodes if node.target in _CHECKS]:
                _drop(node)
            module.recompile()


def _register_users(graph: torch.fx.Graph) -> None:
    """Add the users that PyTorch forgets of values where it inlines a block under ``torch.no_grad``."""
    for node in graph.nodes:
        for value in node.all_input_nodes:
            value.users.setdefault(node)


def _drop(node: torch.fx.Node) -> None:
    # Not eliminate_dead_code: it takes what enters and leaves a vmap, whose outputs nobody uses, for dead.
    pending = [node]
    while pending:
        node = pending.pop()
        made_of = node.all_input_nodes
        node.graph.erase_node(node)
        pending += [value for value in made_of if not value.users and value.op == "call_function"]


def translate(program: Program, request: TraceRequest) -> ir.Model:
    """Translate a program of a module that takes its inputs in order; the request names these, and outputs.

    Raises:
        ValueDependentError: What an operator is made of decides by a tensor's values.
        CaptureError: The program holds what ONNX cannot express.
    """
    with traceable(), exact_constants(), request.numbers():
        try:
            name_hidden_operators(program)
            drop_checks(program)
            onnx = torch.onnx.export(
                program,
                dynamo=True,
                opset_version=OPSET,
                input_names=list(request.samples.names),
                output_names=list(request.outputs),
                custom_translation_table=dict(TRANSLATED),
                verbose=False,
            )
        except Exception as error:
            kind = ValueDependentError if depends_on_values(error) else CaptureError
            raise kind(explanation(error, program)) from error
    if onnx is None:  # only where torch.onnx.export is given a file to write
        raise CaptureError("torch.onnx.export returned no program; expected one")
    adopt_constants(onnx.model)
    NameFixPass()(onnx.model)  # an output may be called as some inner value already is
    make_contiguous(onnx.model)
    return onnx.model
