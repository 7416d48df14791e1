"""Numbers that a graph computes of sizes: Concat(Gather(Shape(x), 0), [-1, 4, 32]) is [batch, -1, 4, 32].

Exporters that trace write such chains before every Reshape and Expand. Sizes are whole and above 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import sympy

from edgeattn_export.capture.dims.known import LIST_LIMIT, WHOLE, Known, Numbers

Rule = Callable[..., Numbers | None]  # a node, and its inputs' numbers; None for an input left out


class _DependsOnSizesError(Exception):
    """An index, a bound or a condition is itself made of sizes."""


def size_numbers(node: ir.Node, known: Known) -> Numbers | None:
    """Return the whole numbers that a node makes, or None where they are not known."""
    if node.op_type == "Shape":
        return _shape(node, known)
    rule = _RULES.get(node.op_type) if node.outputs[0].dtype in WHOLE else None
    given = [known.numbers(value) for value in node.inputs]
    if rule is None or any(g is None and v is not None for g, v in zip(given, node.inputs, strict=True)):
        return None
    try:
        made = rule(node, *given)
    except _DependsOnSizesError:
        return None
    return made if made is not None and made.size <= LIST_LIMIT else None


def _shape(node: ir.Node, known: Known) -> Numbers | None:
    sizes = known.sizes(node.inputs[0])
    if sizes is None:
        return None
    start, end = node.attributes.get_int("start", 0), node.attributes.get_int("end", len(sizes))
    return _list(sizes[start:end])


def _list(sizes: tuple[sympy.Expr, ...]) -> Numbers:
    made = np.empty(len(sizes), object)
    made[:] = sizes
    return made


def _ints(numbers: Numbers) -> list[int]:
    if not all(isinstance(x, sympy.Integer) for x in numbers.reshape(-1)):
        raise _DependsOnSizesError
    return [int(x) for x in numbers.reshape(-1)]


def _same(_: ir.Node, x: Numbers) -> Numbers:
    return x


def _cast(node: ir.Node, x: Numbers) -> Numbers | None:
    kept = node.attributes.get_int("to", 0) in (ir.DataType.INT64, ir.DataType.INT32)
    return x if kept and all(isinstance(each, sympy.Expr) for each in x.reshape(-1)) else None


def _gather(node: ir.Node, x: Numbers, index: Numbers) -> Numbers:
    found = np.take(x, _ints(index), axis=node.attributes.get_int("axis", 0))
    axis = node.attributes.get_int("axis", 0) % x.ndim
    return found.reshape((*x.shape[:axis], *index.shape, *x.shape[axis + 1 :]))


def _concat(node: ir.Node, *parts: Numbers) -> Numbers:
    return np.concatenate(parts, axis=node.attributes.get_int("axis", 0))


def _unsqueeze(_: ir.Node, x: Numbers, axes: Numbers) -> Numbers:
    return np.expand_dims(x, tuple(_ints(axes)))


def _squeeze(_: ir.Node, x: Numbers, axes: Numbers | None = None) -> Numbers:
    return np.asarray(np.squeeze(x, None if axes is None else tuple(_ints(axes))), object)


def _reshape(_: ir.Node, x: Numbers, to: Numbers) -> Numbers | None:
    return None if 0 in _ints(to) else x.reshape(_ints(to))


def _slice(
    _: ir.Node,
    x: Numbers,
    starts: Numbers,
    ends: Numbers,
    axes: Numbers | None = None,
    steps: Numbers | None = None,
) -> Numbers:
    count = starts.size
    along = range(count) if axes is None else _ints(axes)
    by = [1] * count if steps is None else _ints(steps)
    cuts = [slice(None)] * x.ndim
    for axis, start, end, step in zip(along, _ints(starts), _ints(ends), by, strict=True):
        past_front = step < 0 and end < -x.shape[axis]
        cuts[axis] = slice(start, None if past_front else end, step)
    return np.asarray(x[tuple(cuts)], object)


def _filled(node: ir.Node, to: Numbers) -> Numbers | None:
    value = node.attributes.get_tensor("value", None)
    number = value.numpy().item() if value is not None else 0
    if isinstance(number, bool) or math.prod(_ints(to)) > LIST_LIMIT:
        return None
    return np.full(_ints(to), sympy.Integer(number), object)


def _each(function: Callable[..., object], arity: int = 2) -> Rule:
    """Make a rule that works element by element; it knows nothing where one element is not known."""
    whole = np.frompyfunc(function, arity, 1)

    def rule(_: ir.Node, *given: Numbers) -> Numbers | None:
        made = np.asarray(whole(*given), object)
        return None if any(x is None for x in made.reshape(-1)) else made

    return rule


def _quotient(x: sympy.Expr, y: sympy.Expr) -> sympy.Expr | None:
    """Divide and round down, as the operator does from 0 upwards; below it rounds the other way."""
    return sympy.floor(x / y) if x.is_nonnegative and y.is_positive else None


def _rest(x: sympy.Expr, y: sympy.Expr) -> sympy.Expr | None:
    return sympy.Mod(x, y) if x.is_nonnegative and y.is_positive else None


def _equal(x: sympy.Expr, y: sympy.Expr) -> bool | None:
    if isinstance(x, bool) or isinstance(y, bool):
        return None
    apart = sympy.expand(x - y)
    return False if apart.is_nonzero else True if apart.is_zero else None


def _where(_: ir.Node, condition: Numbers, x: Numbers, y: Numbers) -> Numbers:
    if not all(isinstance(each, bool) for each in condition.reshape(-1)):
        raise _DependsOnSizesError
    return np.asarray(np.where(condition.astype(bool), x, y), object)


_RULES: dict[str, Rule] = {
    "Identity": _same,
    "Cast": _cast,
    "Gather": _gather,
    "Concat": _concat,
    "Unsqueeze": _unsqueeze,
    "Squeeze": _squeeze,
    "Reshape": _reshape,
    "Slice": _slice,
    "ConstantOfShape": _filled,
    "Add": _each(lambda x, y: sympy.expand(x + y)),
    "Sub": _each(lambda x, y: sympy.expand(x - y)),
    "Mul": _each(lambda x, y: sympy.expand(x * y)),
    "Div": _each(_quotient),
    "Mod": _each(_rest),
    "Neg": _each(lambda x: -x, 1),
    "Equal": _each(_equal),
    "Where": _where,
}
