"""The PyTorch module that a node came from: kept on the node, through every rewrite, for the report."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from fnmatch import fnmatchcase

import onnx_ir as ir

MODULE = "edgeattn.module"
WRAPPED = "module"  # the attribute under which capture wraps the user's module

_SCOPES = "pkg.torch.onnx.name_scopes"
_NOWHERE = "_empty_nn_module_stack_from_metadata_hook"  # what PyTorch notes where its own passes add a node


def keep_scopes(model: ir.Model) -> None:
    """Replace what the exporter noted on each node by only the name of its PyTorch module.

    The exporter also notes stack traces, with source lines and paths of this machine: not for shipping.
    """
    for node in model.graph.all_nodes():
        scopes = ast.literal_eval(node.metadata_props.get(_SCOPES, "['']"))
        node.metadata_props.clear()
        node.metadata_props[MODULE] = _owner_path(scopes)


def module_of(node: ir.Node) -> str:
    """Return the dotted path of the PyTorch module that a node came from; the whole model's is empty."""
    return node.metadata_props.get(MODULE, "")


def joint_module(nodes: Iterable[ir.Node]) -> str:
    """Name the modules of several nodes at once: ``layer.0.attention.query+key+value``."""
    paths = list(dict.fromkeys(module_of(node) for node in nodes))
    parents = {path.rpartition(".")[0] for path in paths}
    if len(parents) > 1:
        return "+".join(paths)
    parent = parents.pop()
    leaves = "+".join(path.rpartition(".")[2] for path in paths)
    return f"{parent}.{leaves}" if parent else leaves


def modules_in(joint: str) -> list[str]:
    """Return the modules that ``joint_module`` named at once."""
    first, *others = joint.split("+")
    parent = first.rpartition(".")[0]
    return [first, *(each if "." in each or not parent else f"{parent}.{each}" for each in others)]


def _owner_path(scopes: list[str]) -> str:
    inside = scopes[-2] if len(scopes) > 1 else ""  # the last scope is the operator itself
    return "" if inside == _NOWHERE else inside.removeprefix(WRAPPED).removeprefix(".")


def nodes_within(model: ir.Model, pattern: str) -> set[str]:
    """Return the names of the nodes of modules whose name matches a pattern (``fnmatch``)."""
    return {node.name or "" for node in model.graph if fnmatchcase(module_of(node), pattern)}
