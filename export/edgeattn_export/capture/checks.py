"""Checks that a module makes of values in forward: a program holds them, and a graph has no use for them.

Before: u = item(_is_all_true(n == m)); _assert_scalar(u == 1); y = f(x)
After:  y = f(x)

The exporter drops the assertion alone, and has no translation for what computes it.
"""

from __future__ import annotations

import torch

_CHECKS = frozenset(
    {
        torch.ops.aten._assert_async.default,
        torch.ops.aten._assert_async.msg,
        torch.ops.aten._assert_scalar.default,
    }
)


def drop_checks(program: torch.export.ExportedProgram) -> None:
    """Drop the checks of a program, in place, and what was computed for them alone."""
    for module in program.graph_module.modules():
        if isinstance(module, torch.fx.GraphModule):
            for node in [node for node in module.graph.nodes if node.target in _CHECKS]:
                _drop(node)
            module.recompile()


def _drop(node: torch.fx.Node) -> None:
    # Not eliminate_dead_code: it takes what enters and leaves a vmap, whose outputs nobody uses, for dead.
    made_of = node.all_input_nodes
    node.graph.erase_node(node)
    for value in made_of:
        if not value.users and value.op == "call_function":
            _drop(value)
