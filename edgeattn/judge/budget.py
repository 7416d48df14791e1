"""What a model must reach to be shipped: named limits, read once, and what was measured held against them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from numbers import Real

from edgeattn.judge.figures import Exact, Figure, Mean, Worst, mean_drop
from edgeattn.judge.measures import Measures
from edgeattn.judge.output_metrics import METRICS
from edgeattn.judge.statistics import unseen_score
from edgeattn.results.check import Check
from edgeattn.results.latency import INT8, PYTORCH
from edgeattn.results.limits import GOLDEN, GOLDEN_CEILING, LIMITS, Limit, limit_of
from edgeattn_runtime.errors import BudgetError
from edgeattn_runtime.graph import Graph

DEFAULT = {"r2": 0.98, "r2_channel_min": 0.5}  # asked where a budget is silent on accuracy
SUITING = {"kl": 0.05, "top1": 0.9, "recall_at_10": 0.8, "metric_drop": 0.05}  # besides, where these suit
Reader = Callable[[Measures], Figure | None]  # None where it was not measured


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits by name, all of them sensible, at least one of them on accuracy.

    Attributes:
        limits: Numbers by name.
        explicit: The names that the caller gave; the others are the default's.
    """

    limits: Mapping[str, float]
    explicit: frozenset[str] = frozenset()

    @classmethod
    def read(cls, bounds: Mapping[str, float] | None, *, has_metric: bool = False) -> Budget:
        """Read the limits that a caller gave.

        Args:
            bounds: Numbers by the names of ``LIMITS``; None for only the default.
            has_metric: Whether the model comes with a metric of its own, which ``metric_drop`` needs.

        Raises:
            BudgetError: An unknown name, a value that is no number or that nothing can meet, or a
                ``metric_drop`` without a metric.
        """
        limits = {name: _number(name, value) for name, value in (bounds or {}).items()}
        names = frozenset(limits)
        if "metric_drop" in limits and not has_metric:
            raise BudgetError(
                "budget metric_drop: the model has no metric to drop; define metric(outputs, target) -> float"
            )
        if not any(LIMITS[name].on_accuracy for name in limits):
            limits = DEFAULT | limits
        return cls(limits, names)

    @property
    def is_explicit_on_accuracy(self) -> bool:
        """Whether the caller limits accuracy."""
        return any(LIMITS[name].on_accuracy for name in self.explicit)

    def check_answers(self, graph: Graph) -> None:
        """Refuse a limit that does not apply to a model's answers.

        Raises:
            BudgetError: A cosine of one number, which is 1 or -1.
        """
        cosines = sorted({"cosine", "cosine_min"} & self.explicit)
        if cosines and answers_one_number(graph):
            raise BudgetError(
                f"budget {cosines[0]}: {graph.outputs[0]} found, which is one number, and its cosine "
                "1 or -1; ask for r2"
            )

    def bounds(self, measures: Measures) -> dict[str, float]:
        """Return the limits, and those that suit outputs and metric where it is silent on accuracy."""
        limits = dict(self.limits)
        if not self.is_explicit_on_accuracy:
            scores = measures.scores
            suiting = {*scores.output_metrics, *(["metric_drop"] if scores.judges_metric else [])}
            for name in sorted(SUITING.keys() & suiting):
                limits.setdefault(name, SUITING[name])
        return limits

    def __contains__(self, name: str) -> bool:
        return name in self.limits

    def figures(self, measures: Measures) -> Iterator[tuple[Limit, float, Figure]]:
        """Yield each of ``bounds``, and the one on golden vectors, with what was measured, if anything."""
        for name, bound in {**self.bounds(measures), GOLDEN.name: GOLDEN_CEILING}.items():
            if (figure := figure_of(name, measures)) is not None:
                yield limit_of(name), bound, figure

    def checks(self, measures: Measures) -> tuple[Check, ...]:
        """Hold what was measured against every limit that it says anything of."""
        return tuple(check_of(limit.name, bound, it) for limit, bound, it in self.figures(measures))

    def is_promised(self, measures: Measures, count: int) -> bool:
        """Say whether the samples meet every limit on accuracy, and as many as will judge would show it.

        Args:
            measures: Of samples that choose.
            count: The evaluation samples. That few of them show little is no fault of what is measured.
        """
        return all(
            figure.promises(partial(limit.meets, limit=bound), count)
            for limit, bound, figure in self.figures(measures)
            if limit.on_accuracy
        )


def answers_one_number(graph: Graph) -> bool:
    """Say whether all that is answered to an input is one number, whose cosine is 1 or -1."""
    return len(graph.outputs) == 1 and all(dim == 1 for dim in graph.outputs[0].dims[1:])


def parse(items: Iterable[str]) -> dict[str, float]:
    """Read limits as the command line gives them: ``NAME=NUMBER``, a share also as a percentage.

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
    percent = name in LIMITS and LIMITS[name].percent and text.endswith("%")
    try:
        return float(text.removesuffix("%")) / 100 if percent else float(text)
    except ValueError:
        return text  # refused by _number, which says what was expected


def _number(name: str, value: object) -> float:
    if name not in LIMITS:
        raise BudgetError(f"budget {name!r}: unknown; expected one of {', '.join(LIMITS)}")
    if not isinstance(value, Real) or isinstance(value, bool) or not math.isfinite(value):
        raise BudgetError(f"budget {name}: {value!r} found, {LIMITS[name].expected} expected")
    if not LIMITS[name].admits(float(value)):
        raise BudgetError(f"budget {name}: {value} found, {LIMITS[name].expected} expected")
    return float(value)


def figure_of(name: str, measures: Measures) -> Figure | None:
    """Return what was measured against a limit; None where nothing was."""
    return _READERS[name](measures)


def check_of(name: str, bound: float, figure: Figure) -> Check:
    """Judge a figure by the unfavorable end of what it may be."""
    limit = limit_of(name)
    decision = figure.decide(lambda value: limit.meets(value, bound))
    return Check(name, figure.value, bound, **asdict(decision))


def _mean(scores: Sequence[float]) -> Figure:
    return Mean(scores, unseen_score(scores, at_least=True), at_least=True)


def _drop(measures: Measures) -> Figure | None:
    before, after = measures.scores.metric_pytorch, measures.scores.metric_int8
    return mean_drop(before, after) if before and after else None


def _output_metric(name: str, measures: Measures) -> Figure | None:
    return measures.scores.output_metrics.get(name)


def _latency(measures: Measures) -> Figure | None:
    return None if measures.latency_ms is None else Exact(measures.latency_ms[INT8].p50)


def _ratio(measures: Measures) -> Figure | None:
    race = measures.latency_ms
    if race is None or PYTORCH not in race.latencies:
        return None
    return Exact(race[PYTORCH].p50 / race[INT8].p50)


def _exact(value: float | None) -> Figure | None:
    return None if value is None else Exact(value)


def _r2(measures: Measures) -> Figure:
    lowest = min(measures.scores.outputs, key=lambda output: output.accuracy.r2)
    return _mean([1 - error for error in lowest.errors])


_READERS: Mapping[str, Reader] = {
    "r2": _r2,
    "r2_channel_min": lambda measures: Exact(measures.scores.accuracy.worst_channel.r2_channel_min),
    "cosine": lambda measures: _mean(measures.scores.cosine),
    "cosine_min": lambda measures: Worst(min(measures.scores.cosine), len(measures.scores.cosine)),
    "snr_db": lambda measures: _mean(measures.scores.snr_db),
    "max_abs": lambda measures: Worst(max(measures.scores.max_abs), len(measures.scores.max_abs)),
    "metric_drop": _drop,
    **{name: partial(_output_metric, name) for name in METRICS},
    "latency_ms": _latency,
    "latency_ratio": _ratio,
    "size_mb": lambda measures: _exact(measures.size_mb.get(INT8)),
    "cache_mb": lambda measures: _exact(measures.cache_mb),
    "memory_mb": lambda measures: _exact(measures.memory_mb),
    GOLDEN.name: lambda measures: _exact(measures.golden),
}
