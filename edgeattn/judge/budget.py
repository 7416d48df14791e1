"""What a model must reach to be shipped: named limits, read once and checked once."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from numbers import Real

from edgeattn_runtime.errors import BudgetError

ACCURACY = ("cosine", "cosine_min", "metric_drop")  # a budget silent on all of these asks for the default
DEFAULT = {"cosine": 0.99}


@dataclass(frozen=True, slots=True)
class Check:
    """One limit of a budget, and what was measured against it."""

    name: str
    measured: float
    limit: float
    ok: bool


@dataclass(frozen=True, slots=True)
class _Limit:
    """Which side a limit bounds, and the values that make sense for it."""

    at_least: bool
    low: float = 0.0
    low_included: bool = False
    high: float = math.inf

    def admits(self, value: float) -> bool:
        return self.low < value <= self.high or (self.low_included and value == self.low)

    def __str__(self) -> str:
        low = "at least" if self.low_included else "above"
        high = f" and at most {self.high:g}" if math.isfinite(self.high) else ""
        return f"a finite number {low} {self.low:g}{high}"


LIMITS: Mapping[str, _Limit] = {
    "cosine": _Limit(at_least=True, high=1.0),  # mean over the judged samples
    "cosine_min": _Limit(at_least=True, high=1.0),  # the worst of them
    "metric_drop": _Limit(at_least=False, low_included=True),  # PyTorch's own metric less int8's
    "latency_ms": _Limit(at_least=False),  # p50 of int8
    "latency_ratio": _Limit(at_least=True),  # p50 of PyTorch over p50 of int8
    "size_mb": _Limit(at_least=False),  # all int8 graphs with their weights, 1 MB = 10^6 bytes
    "memory_mb": _Limit(at_least=False),  # see edgeattn.measure.memory
}


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits by name, all of them sensible, at least one of them on accuracy.

    Attributes:
        limits: Numbers by name.
        given: The names that the caller gave; the others are the default's.
    """

    limits: Mapping[str, float]
    given: frozenset[str] = frozenset()

    @classmethod
    def read(cls, given: Mapping[str, float] | None, *, has_metric: bool = False) -> Budget:
        """Read the limits that a caller gave.

        Args:
            given: Numbers by the names of ``LIMITS``; None asks for the default alone.
            has_metric: Whether the model comes with a metric of its own, which ``metric_drop`` needs.

        Raises:
            BudgetError: An unknown name, a value that is no number or that nothing can meet, or a
                ``metric_drop`` without a metric.
        """
        limits = {name: _number(name, value) for name, value in (given or {}).items()}
        names = frozenset(limits)
        if "metric_drop" in limits and not has_metric:
            raise BudgetError(
                "budget metric_drop: the model has no metric to drop; define metric(outputs, target) -> float"
            )
        if not any(name in limits for name in ACCURACY):
            limits = DEFAULT | limits
        return cls(limits, names)

    def __contains__(self, name: str) -> bool:
        return name in self.limits

    def checks(
        self, measured: Mapping[str, float], only: Container[str] = frozenset(LIMITS)
    ) -> tuple[Check, ...]:
        """Hold what was measured against every limit.

        Args:
            measured: A number for each name that the budget asks of; others may stand there too.
            only: The names that are looked at.
        """
        return tuple(
            Check(name, measured[name], limit, meets(name, measured[name], limit))
            for name, limit in self.limits.items()
            if name in only
        )


def parse(items: Iterable[str]) -> dict[str, float]:
    """Read limits as the command line gives them: ``NAME=NUMBER``, ``metric_drop`` also as a percentage.

    Raises:
        BudgetError: An item of another form, an unknown name, or a name given twice.
    """
    limits: dict[str, float] = {}
    for item in items:
        name, equals, text = (part.strip() for part in item.partition("="))
        if not equals:
            raise BudgetError(f"budget {item!r}: NAME=NUMBER expected, such as cosine=0.995")
        if name in limits:
            raise BudgetError(f"budget {name}: given twice, once expected; leave one out")
        limits[name] = _number(name, _parsed(name, text))
    return limits


def _parsed(name: str, text: str) -> object:
    percent = name == "metric_drop" and text.endswith("%")
    try:
        return float(text.removesuffix("%")) / 100 if percent else float(text)
    except ValueError:
        return text  # refused by _number, which says what was expected


def _number(name: str, value: object) -> float:
    if name not in LIMITS:
        raise BudgetError(f"budget {name!r}: unknown; expected one of {', '.join(LIMITS)}")
    if not isinstance(value, Real) or isinstance(value, bool) or not math.isfinite(value):
        raise BudgetError(f"budget {name}: {value!r} found, {LIMITS[name]} expected")
    if not LIMITS[name].admits(float(value)):
        raise BudgetError(f"budget {name}: {value} found, {LIMITS[name]} expected")
    return float(value)


def meets(name: str, measured: float, limit: float) -> bool:
    """Say whether what was measured is on the right side of a limit."""
    return measured >= limit if LIMITS[name].at_least else measured <= limit
