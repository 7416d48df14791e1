"""A constant near 0 or 1 is neither: the exporter's own rules take 1e-8 for 0, and 1.00001 for 1.

Before: Mul(x, Pow(mean, -0.5))                  where forward has (mean + 1e-8) ** -0.5
After:  Mul(x, Pow(Add(mean, 1e-8), -0.5))
"""

from __future__ import annotations

import math
from contextlib import AbstractContextManager
from types import SimpleNamespace
from unittest import mock

from onnxscript.rewriter import _matcher

ROUNDING = 1e-6  # of a number, as a constant of float32 may be off


def exact_constants() -> AbstractContextManager[object]:
    """Inside the block, a rule's constant is matched by what is that number to within float32's rounding."""
    return mock.patch.object(_matcher, "math", SimpleNamespace(isclose=_is_close))


def _is_close(found: float, wanted: float, **_: float) -> bool:
    return math.isclose(found, wanted, rel_tol=ROUNDING, abs_tol=0.0)
