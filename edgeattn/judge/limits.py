"""The limits that a budget may name, one object each: side, unit, words, and how it is read off."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from edgeattn.judge.figures import Decision, Exact, Figure, Mean, Worst, mean_drop
from edgeattn.judge.measures import Measures
from edgeattn.judge.statistics import unseen_score
from edgeattn.results.latency import INT8, PYTORCH

_DIGITS = 17  # that tell any float64 from its neighbour


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One limit.

    Attributes:
        name: As a budget has it.
        meaning: What it limits, in words.
        read: Returns what was measured against it; None where nobody did.
        at_least: Whether it bounds from below.
        unit: Behind a number, with its space where it has one.
        low: The smallest value that makes sense, itself included or not.
        high: The largest.
        on_accuracy: Whether it says how right the model is, and not only how fast or small.
        percent: Whether it may be given as a percentage.
        slack: By which a number may miss it: what rounding alone leaves.
        decimals: Of a number, at least; None writes four digits that count.
    """

    name: str
    meaning: str
    read: Callable[[Measures], Figure | None]
    at_least: bool
    unit: str = ""
    low: float = 0.0
    low_included: bool = False
    high: float = math.inf
    on_accuracy: bool = False
    percent: bool = False
    slack: float = 0.0
    decimals: int | None = None

    def admits(self, value: float) -> bool:
        """Say whether a value makes sense as this limit."""
        return self.low < value <= self.high or (self.low_included and value == self.low)

    @property
    def expected(self) -> str:
        """What makes sense, in words."""
        low = "at least" if self.low_included else "above"
        high = f" and at most {self.high:g}" if math.isfinite(self.high) else ""
        return f"a finite number {low} {self.low:g}{high}"

    def meets(self, measured: float, limit: float) -> bool:
        """Say whether a number is on the right side of a limit."""
        return measured >= limit - self.slack if self.at_least else measured <= limit + self.slack

    def decide(self, figure: Figure, limit: float) -> Decision:
        """Judge a figure by the unfavourable end of what it may be."""
        return figure.decide(lambda value: self.meets(value, limit))

    def asked(self, limit: float) -> str:
        """Write a limit as "at least 0.99" or "at most 24 MB"."""
        return f"{'at least' if self.at_least else 'at most'} {limit:.15g}{self.unit}"

    def written(self, measured: float, limit: float) -> str:
        """Write a number in as few digits as show on which side of a limit it is."""
        form, least = ("g", 4) if self.decimals is None else ("f", self.decimals)
        ok = self.meets(measured, limit)
        texts = (f"{measured:.{digits}{form}}" for digits in range(least, _DIGITS))
        return next((text for text in texts if self.meets(float(text), limit) == ok), repr(measured))


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


def _output_metric(name: str) -> Callable[[Measures], Figure | None]:
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
    _share(
        name="top1",
        meaning="share of positions where both choose the same class",
        read=_output_metric("top1"),
    ),
    _share(
        name="topk", meaning="share of the five likeliest classes that both have", read=_output_metric("topk")
    ),
    _loss(
        name="kl", meaning="Kullback-Leibler divergence from the original, in nats", read=_output_metric("kl")
    ),
    _loss(
        name="perplexity_ratio",
        meaning="perplexity of the targets over the original's",
        read=_output_metric("perplexity_ratio"),
    ),
    _share(
        name="token_agreement",
        meaning="share of tokens before both continue differently",
        read=_output_metric("token_agreement"),
    ),
    _share(
        name="recall_at_10",
        meaning="share of the ten nearest samples that both find",
        read=_output_metric("recall_at_10"),
    ),
    _share(
        name="rank", meaning="rank correlation of the distances between samples", read=_output_metric("rank")
    ),
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
