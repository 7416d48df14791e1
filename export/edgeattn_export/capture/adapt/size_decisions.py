"""Forward decides by a number that it reads off a tensor as by a size of 2 or more.

Before: is_causal = length > 1 and mask is None          which way depends on values
After:  the way of a length of 2 or more

PyTorch decides so itself by sizes that it knows as such; where it is not the way of a smaller number too, the
graph is not the module on a sample that has one. Decisions by anything else stay refused.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any
from unittest import mock

import sympy
from torch.fx.experimental.symbolic_shapes import ShapeEnv, free_unbacked_symbols
from torch.utils._sympy.numbers import int_oo
from torch.utils._sympy.value_ranges import ValueRanges, bound_sympy

SMALLEST = 2  # number that decides
_EVALUATE = ShapeEnv.evaluate_expr
_FROM_0 = ValueRanges(0, int_oo)


def decided_as_sizes() -> AbstractContextManager[object]:
    """Inside the block, decide by numbers that no value is known of as by sizes from 2 upwards."""
    return mock.patch.object(ShapeEnv, "evaluate_expr", _evaluate)


def _evaluate(
    env: ShapeEnv,
    condition: Any,
    hint: Any = None,
    node: Any = None,
    size_oblivious: bool = False,
    fallback_value: bool | None = None,
    **rest: Any,
) -> Any:
    if fallback_value is None:
        fallback_value = _decision(env, condition)
    return _EVALUATE(env, condition, hint, node, size_oblivious, fallback_value, **rest)


def _decision(env: ShapeEnv, condition: Any) -> bool | None:
    """Decide a condition for all numbers from ``SMALLEST`` upwards; None where they do not agree."""
    if not isinstance(condition, sympy.logic.boolalg.Boolean) or not free_unbacked_symbols(condition):
        return None
    decision = env.replace(condition)
    if not all(_may_be_size(env, symbol) for symbol in decision.free_symbols):
        return None
    above = {
        symbol: sympy.Symbol(f"{symbol}_above", integer=True, nonnegative=True)
        for symbol in decision.free_symbols
    }
    decision = decision.xreplace({symbol: SMALLEST + more for symbol, more in above.items()})
    outcomes = bound_sympy(decision, dict.fromkeys(above.values(), _FROM_0))
    return bool(outcomes.lower) if outcomes.is_singleton() else None


def _may_be_size(env: ShapeEnv, symbol: Any) -> bool:
    """Say whether a symbol stands for a whole number that may be ``SMALLEST``, and not for a truth."""
    return bool(symbol.is_integer) and env.var_to_range[symbol].upper >= SMALLEST
