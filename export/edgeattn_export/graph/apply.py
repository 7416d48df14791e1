"""Applying a rule wherever its form is found, and remembering where and why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import onnx_ir as ir
from onnx_ir.passes import Sequential
from onnx_ir.passes.common import (
    CommonSubexpressionEliminationPass,
    DeduplicateInitializersPass,
    IdentityEliminationPass,
    NameFixPass,
    OutputFixPass,
    RemoveUnusedNodesPass,
    TopologicalSortPass,
)
from onnx_ir.tape import Tape

from edgeattn_export.graph.fallback import with_fallback
from edgeattn_export.graph.rule import Note, Refusal, Rule
from edgeattn_export.graph.scopes import MODULE, module_of

MICROSOFT = "com.microsoft"

NodeFilter = Callable[[str], bool]  # of a node's name
_IN_ORDER = Sequential(  # names come before what is unused goes: an output that a node leaves out has none
    IdentityEliminationPass(), OutputFixPass(), NameFixPass(), RemoveUnusedNodesPass(), TopologicalSortPass()
)


def every_node(_: str) -> bool:
    """Want every node."""
    return True


@dataclass(frozen=True, slots=True)
class Refused:
    """A place where a rule was not applied, with the reason."""

    rule: str
    node: str
    module: str
    reason: str


@dataclass(frozen=True, slots=True)
class Site:
    """A place where a rule was applied: the node where its form began, the module, and the value replaced."""

    node: str
    module: str
    output: str
    note: Note | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """What a rule did to a graph."""

    sites: tuple[Site, ...]
    refused: tuple[Refused, ...]


@dataclass(frozen=True, slots=True)
class _Rewrite:
    """What a rule has written for a form: nodes, the new value for each old one, and a note."""

    tape: Tape
    replaced: Mapping[ir.Value, ir.Value]
    note: Note | None


def apply(rule: Rule, model: ir.Model, accepts: NodeFilter = every_node) -> Applied:
    """Apply a rule to ``model``, in place, at every node whose name is ``accepts``."""
    return _applied(rule, model, partial(_rewrite, rule, accepts))


def apply_or_refuse(rule: Rule, model: ir.Model, accepts: NodeFilter = every_node) -> Applied:
    """Do the same with a rule that an export can do without: a node at which it fails is refused."""
    what = f"rule {rule.name!r}"

    def write(node: ir.Node) -> _Rewrite | Refusal | None:
        rewrite, failures = with_fallback(what, partial(_rewrite, rule, accepts, node), None)
        return Refusal(*failures) if failures else rewrite

    return _applied(rule, model, write)


def _applied(rule: Rule, model: ir.Model, write: Callable[[ir.Node], _Rewrite | Refusal | None]) -> Applied:
    sites: list[Site] = []
    refused: list[Refused] = []
    for node in tuple(model.graph):
        if node.op_type not in rule.roots or _is_dead(node):
            continue
        match write(node):
            case Refusal(why):
                refused.append(Refused(rule.name, node.name or "", module_of(node), why))
            case _Rewrite() as written:
                output = _replace(model, node, rule.name, written)
                sites.append(Site(node.name or "", module_of(node), output, written.note))
    if sites:
        _tidy(model)
    return Applied(tuple(sites), tuple(refused))


def _tidy(model: ir.Model) -> None:
    """Put a graph in order; outputs keep their names, those too that are one value under two names."""
    names = [value.name for value in model.graph.outputs]
    _IN_ORDER(model)
    for value, name in zip(model.graph.outputs, names, strict=True):
        value.name = name


def _is_dead(node: ir.Node) -> bool:
    """Say whether a rewrite before this one has left nobody who uses what a node makes."""
    return not any(output.uses() or output.is_graph_output() for output in node.outputs)


def _rewrite(rule: Rule, accepts: NodeFilter, root: ir.Node) -> _Rewrite | Refusal | None:
    """Return what a rule makes of the form at a node, the graph not yet changed."""
    emit = rule.check(root)
    if emit is None or isinstance(emit, Refusal):
        return emit
    if not accepts(root.name or ""):
        return None
    tape = Tape()
    replaced = emit(tape)
    return _Rewrite(tape, replaced, getattr(emit, "note", None))


def _replace(model: ir.Model, root: ir.Node, rule: str, written: _Rewrite) -> str:
    tape = written.tape
    for node in tape.nodes:
        node.metadata_props.setdefault(MODULE, module_of(root))
    for value in tape.initializers:
        value.name = unused_name(model.graph, value.name or rule)
        model.graph.register_initializer(value)
    for domain, _ in tape.used_opsets:
        model.opset_imports.setdefault(domain, 1)
    old, new = list(written.replaced), list(written.replaced.values())
    ir.convenience.replace_nodes_and_values(model.graph, root, (), tape.nodes, old, new)
    for value in old:
        value.name = f"{value.name}.replaced"  # the new one has its name, so that the two can be compared
    return new[0].name or ""


def unused_name(graph: ir.Graph, base: str) -> str:
    """Return a name that no initializer of a graph has: the wanted one, or that with a number."""
    name, number = base, 1
    while name in graph.initializers:
        number += 1
        name = f"{base}_{number}"
    return name


def merge_duplicates(model: ir.Model) -> None:
    """Merge equal constants and equal computations, in place."""
    Sequential(DeduplicateInitializersPass(), CommonSubexpressionEliminationPass(), RemoveUnusedNodesPass())(
        model
    )
