"""The limits that a budget may name, one object each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from edgeattn.judge.drops import mean_drop
from edgeattn.judge.figures import Exact, Figure, Mean, Worst
from edgeattn.judge.limit import Limit
from edgeattn.judge.mean_bound import unseen_score
from edgeattn.judge.measures import Measures
from edgeattn.measure.latencies import INT8, PYTORCH

ROUNDING = 1e-9  # of a cosine: float32 sums of two engines that agree leave less


def _drop(measures: Measures) -> Figure | None:
    before, after = measures.scores.metric_pytorch, measures.scores.metric_int8
    return mean_drop(before, after) if before and after else None


def _latency(measures: Measures) -> Figure | None:
    return None if measures.latency_ms is None else Exact(measures.latency_ms[INT8].p50)


def _ratio(measures: Measures) -> Figure | None:
    race = measures.latency_ms
    if race is None or PYTORCH not in race.latencies:
        return None
    return Exact(race[PYTORCH].p50 / race[INT8].p50)


def _exact(value: float | None) -> Figure | None:
    return None if value is None else Exact(value)


def _mean(scores: Sequence[float]) -> Figure:
    return Mean(scores, unseen_score(scores, at_least=True), at_least=True)


_cosine = partial(Limit, at_least=True, high=1.0, slack=ROUNDING, decimals=5)

_share = partial(Limit, at_least=True, high=1.0, on_accuracy=True, percent=True)
_loss = partial(Limit, at_least=False, low_included=True, on_accuracy=True)


def _asked(name: str) -> Callable[[Measures], Figure | None]:
    return lambda measures: measures.scores.asked.get(name)


_LIMITS = (
    _cosine(
        name="cosine",
        meaning="cosine, mean over inputs",
        read=lambda measures: _mean(measures.scores.cosine),
        on_accuracy=True,
    ),
    _cosine(
        name="cosine_min",
        meaning="cosine of the worst input",
        read=lambda measures: Worst(min(measures.scores.cosine), len(measures.scores.cosine)),
        on_accuracy=True,
    ),
    Limit(
        name="snr_db",
        meaning="signal-to-noise ratio, mean over inputs",
        read=lambda measures: _mean(measures.scores.snr_db),
        at_least=True,
        unit=" dB",
        on_accuracy=True,
    ),
    Limit(
        name="max_abs",
        meaning="largest difference of any number, of the worst input",
        read=lambda measures: Worst(max(measures.scores.max_abs), len(measures.scores.max_abs)),
        at_least=False,
        low_included=True,
        on_accuracy=True,
    ),
    Limit(
        name="metric_drop",
        meaning="what the model's own metric loses, mean over inputs",
        read=_drop,
        at_least=False,
        low_included=True,
        on_accuracy=True,
        percent=True,
    ),
    _share(name="top1", meaning="share of positions where both choose the same class", read=_asked("top1")),
    _share(name="topk", meaning="share of the five likeliest classes that both have", read=_asked("topk")),
    _loss(name="kl", meaning="Kullback-Leibler divergence from the original, in nats", read=_asked("kl")),
    _loss(
        name="perplexity_ratio",
        meaning="perplexity of the targets over the original's",
        read=_asked("perplexity_ratio"),
    ),
    _share(
        name="token_agreement",
        meaning="share of tokens before both continue differently",
        read=_asked("token_agreement"),
    ),
    _share(
        name="recall_at_10",
        meaning="share of the ten nearest samples that both find",
        read=_asked("recall_at_10"),
    ),
    _share(name="rank", meaning="rank correlation of the distances between samples", read=_asked("rank")),
    Limit(name="latency_ms", meaning="latency, median", read=_latency, at_least=False, unit=" ms"),
    Limit(
        name="latency_ratio", meaning="speedup over the original, p50", read=_ratio, at_least=True, unit="x"
    ),
    Limit(
        name="size_mb",
        meaning="size of the graphs with their weights",
        read=lambda measures: _exact(measures.size_mb.get(INT8)),
        at_least=False,
        unit=" MB",
    ),
    Limit(
        name="memory_mb",
        meaning="memory that loading and running it adds to a process",
        read=lambda measures: _exact(measures.memory_mb),
        at_least=False,
        unit=" MB",
    ),
)

LIMITS: Mapping[str, Limit] = {limit.name: limit for limit in _LIMITS}

# Asked of every bundle: a device that may answer so far off proves nothing.
GOLDEN = _cosine(
    name="golden",
    meaning="cosine that every golden output must reach on a device",
    read=lambda measures: _exact(measures.golden),
)
GOLDEN_FLOOR = 0.9


def limit_of(name: str) -> Limit:
    """Return the limit that a check goes by."""
    return GOLDEN if name == GOLDEN.name else LIMITS[name]
