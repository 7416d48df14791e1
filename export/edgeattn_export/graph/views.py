"""A value as a rearrangement of an earlier one: which of its axes went where, through what lay between.

Axes are followed as atoms, the way einops names them: a Reshape merges and splits groups of atoms, a
Transpose moves them, a pick (one index of an axis, such as the three of a query-key-value linear) fixes one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

import onnx_ir as ir
import sympy

from edgeattn_export.graph.dataflow import axis_of, constant, dims, permutation, producer

_NAME = re.compile(r"[A-Za-z_]\w*(?!\w*\()")
_CALL = re.compile(r"\b(?!floor\b|ceiling\b)[a-z_]\w*\(")  # Python's functions, not Max or FloorDiv
_PLAIN = re.compile(r"[\w\s+\-*/(),]+")


@dataclass(frozen=True, eq=False, slots=True)
class Atom:
    """An axis that is moved as one; ``pick`` is the index that is taken of it, None where all of it is."""

    size: sympy.Expr
    pick: int | None = None


Groups = tuple[tuple[Atom, ...], ...]


@dataclass(frozen=True, slots=True)
class View:
    """A value, and the atoms that each of its axes consists of."""

    value: ir.Value
    groups: Groups


def whole_view(value: ir.Value) -> View | None:
    """Return a value with one atom an axis, or None where a size is unknown."""
    sizes = [size_expression(dim) for dim in dims(value)]
    if not sizes or any(size is None for size in sizes):
        return None
    return View(value, tuple((Atom(size),) for size in sizes if size is not None))


def size_expression(dim: int | str | None) -> sympy.Expr | None:
    """Return a dim as an expression, so that 4*batch and batch*4 are equal."""
    if dim is None or isinstance(dim, int):
        return None if dim is None else sympy.Integer(dim)
    if not _PLAIN.fullmatch(dim) or _CALL.search(dim):
        return None  # sympy runs what it reads, and a dim may come from anybody's file
    # Named here, for "sequence" is a function of sympy's; and s**2 // s is s only of whole numbers above 0.
    symbols = {name: sympy.Symbol(name, integer=True, positive=True) for name in _NAME.findall(dim)}
    try:
        return sympy.sympify(dim, locals=symbols)
    except (sympy.SympifyError, SyntaxError, TypeError):
        return None


def simplify_sizes(model: ir.Model) -> None:
    """Spell equal dims alike, in place: s for ((s**2)//s), which a view with -1 leaves."""
    for node in model.graph.all_nodes():
        for value in node.outputs:
            if value.shape is not None and any("//" in str(dim) for dim in value.shape):
                value.shape = ir.Shape([_simple(dim) for dim in dims(value)])


def _simple(dim: int | str | None) -> int | str | None:
    size = size_expression(dim)
    if size is None or "(" in str(size):  # a floor or a quotient that is none of the user's symbols
        return dim
    return int(size) if size.is_Integer else str(size)


def earlier_views(view: View) -> Iterator[View]:
    """Yield what a view was before, one operator further back each time, while only axes were moved."""
    current: View | None = view
    while current is not None:
        yield current
        node = producer(current.value, *_STEPS)
        current = None if node is None else _before(node, current)


def regrouped(groups: Groups, sizes: tuple[int | str | None, ...]) -> Groups | None:
    """Deal the atoms, in their order, into axes of the given sizes; None where they do not fill them."""
    atoms = [atom for group in groups for atom in group]
    result: list[tuple[Atom, ...]] = []
    for dim in sizes:
        target = size_expression(dim)
        if target is None:
            return None
        group: list[Atom] = []
        while atoms and (_product(group) != target or (target == 1 and atoms[0].size == 1 and not group)):
            group.append(atoms.pop(0))
        if _product(group) != target:
            return None
        result.append(tuple(group))
    return None if atoms else tuple(result)


def _product(group: list[Atom]) -> sympy.Expr:
    return sympy.expand(math.prod((atom.size for atom in group), start=sympy.Integer(1)))


def _before(node: ir.Node, view: View) -> View | None:
    source = node.inputs[0]
    groups = None if source is None else _STEPS[node.op_type](node, view)
    return View(source, groups) if source is not None and groups is not None else None


def _transpose(node: ir.Node, view: View) -> Groups:
    moved = dict(zip(permutation(node), view.groups, strict=True))
    return tuple(moved[axis] for axis in range(len(moved)))


def _reshape(node: ir.Node, view: View) -> Groups | None:
    return regrouped(view.groups, dims(node.inputs[0]))


def _squeeze(node: ir.Node, view: View) -> Groups | None:
    axes = _axes(node, len(dims(node.inputs[0])))
    if axes is None:
        return None
    groups = list(view.groups)
    for axis in axes:
        groups.insert(axis, ())
    return tuple(groups)


def _unsqueeze(node: ir.Node, view: View) -> Groups | None:
    axes = _axes(node, len(view.groups))
    if axes is None or any(view.groups[axis] for axis in axes):
        return None  # an axis of size 1 that somebody follows cannot be left out
    return tuple(group for axis, group in enumerate(view.groups) if axis not in axes)


def _gather(node: ir.Node, view: View) -> Groups | None:
    index = constant(node.inputs[1])
    if index is None or index.ndim:
        return None
    axis = axis_of(node, 0)
    return _picked(node, (*view.groups[:axis], (), *view.groups[axis:]), axis, int(index))


def _slice(node: ir.Node, view: View) -> Groups | None:
    bounds = [constant(value) for value in node.inputs[1:4]]
    if any(bound is None or bound.size != 1 for bound in bounds) or len(bounds) != 3:
        return None
    start, _, axis = (int(bound.reshape(())) for bound in bounds if bound is not None)
    return _picked(node, view.groups, axis % len(view.groups), start)


def _split(node: ir.Node, view: View) -> Groups | None:
    axis = axis_of(node, 0)
    before = [dims(output)[axis] for output in node.outputs[: view.value.index() or 0]]
    if not all(isinstance(size, int) for size in before):
        return None
    return _picked(node, view.groups, axis, sum(size for size in before if isinstance(size, int)))


def _picked(node: ir.Node, groups: Groups, axis: int, start: int) -> Groups | None:
    """Say that of a larger axis, the part from ``start`` was taken: an index, where the parts are equal."""
    picked_size, full = _product(list(groups[axis])), dims(node.inputs[0])[axis]
    if (
        not isinstance(full, int)
        or not picked_size.is_Integer
        or full % int(picked_size)
        or start % int(picked_size)
    ):
        return None
    pick = Atom(sympy.Integer(full // int(picked_size)), start // int(picked_size))
    return (*groups[:axis], (pick, *groups[axis]), *groups[axis + 1 :])


def _axes(node: ir.Node, rank: int) -> list[int] | None:
    axes = constant(node.inputs[1]) if len(node.inputs) > 1 else None
    return None if axes is None else sorted(int(axis) % rank for axis in axes.reshape(-1))


_STEPS = {
    "Transpose": _transpose,
    "Reshape": _reshape,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Gather": _gather,
    "Slice": _slice,
    "Split": _split,
}
