"""What was measured against each limit that a budget may name, and the check that it comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial

from edgeattn.judge.figures import Exact, Figure, Mean, Worst, mean_drop
from edgeattn.judge.measures import Measures
from edgeattn.judge.statistics import unseen_score
from edgeattn.results.check import Check
from edgeattn.results.latency import INT8, PYTORCH
from edgeattn.results.limits import GOLDEN, limit_of

Reader = Callable[[Measures], Figure | None]  # None where it was not measured
_OUTPUT_METRICS = ("top1", "topk", "kl", "perplexity_ratio", "token_agreement", "recall_at_10", "rank")


def figure_of(name: str, measures: Measures) -> Figure | None:
    """Return what was measured against a limit; None where nothing was."""
    return _READERS[name](measures)


def check_of(name: str, bound: float, figure: Figure) -> Check:
    """Judge a figure by the unfavorable end of what it may be.

    Args:
        name: The limit's.
        bound: The budget's number.
        figure: What was measured.
    """
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


_READERS: Mapping[str, Reader] = {
    "cosine": lambda measures: _mean(measures.scores.cosine),
    "cosine_min": lambda measures: Worst(min(measures.scores.cosine), len(measures.scores.cosine)),
    "snr_db": lambda measures: _mean(measures.scores.snr_db),
    "max_abs": lambda measures: Worst(max(measures.scores.max_abs), len(measures.scores.max_abs)),
    "metric_drop": _drop,
    **{name: partial(_output_metric, name) for name in _OUTPUT_METRICS},
    "latency_ms": _latency,
    "latency_ratio": _ratio,
    "size_mb": lambda measures: _exact(measures.size_mb.get(INT8)),
    "memory_mb": lambda measures: _exact(measures.memory_mb),
    GOLDEN.name: lambda measures: _exact(measures.golden),
}
