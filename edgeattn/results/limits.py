"""The limits that a budget may name: sides, units and digits of the numbers in a report's checks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

ROUNDING = 1e-9  # of a cosine: float32 sums of two engines that agree leave less
_DIGITS = 17  # that distinguish any float64 from its neighbor
GOLDEN_CEILING = 0.45  # the error that a cosine of .9 is for answers around 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One limit.

    Attributes:
        at_least: Whether it bounds from below.
        unit: Behind a number, with its space where it has one.
        zero_included: Whether 0 makes sense as it; what is below never does.
        on_accuracy: Whether it says how right the model is, and not only how fast or small.
        percent: Whether it may be given as a percentage.
        slack: By which a number may miss it: the effect of rounding.
        decimals: Of a number, at least; None writes four digits that count.
    """

    name: str
    meaning: str
    at_least: bool
    unit: str = ""
    zero_included: bool = False
    high: float = math.inf
    on_accuracy: bool = False
    percent: bool = False
    slack: float = 0.0
    decimals: int | None = None

    def admits(self, value: float) -> bool:
        """Say whether a value makes sense as this limit."""
        return 0 < value <= self.high or (self.zero_included and value == 0)

    @property
    def expected(self) -> str:
        """What makes sense, in words."""
        low = "at least 0" if self.zero_included else "above 0"
        high = f" and at most {self.high:g}" if math.isfinite(self.high) else ""
        return f"a finite number {low}{high}"

    def meets(self, measured: float, limit: float) -> bool:
        """Say whether a number is on the right side of a limit."""
        return measured >= limit - self.slack if self.at_least else measured <= limit + self.slack

    def bound_text(self, limit: float) -> str:
        """Write a limit as "at least 0.99" or "at most 24 MB"."""
        return f"{'at least' if self.at_least else 'at most'} {limit:.15g}{self.unit}"

    def number_text(self, measured: float, limit: float) -> str:
        """Write a number in as few digits as show on which side of a limit it is."""
        form, least = ("g", 4) if self.decimals is None else ("f", self.decimals)
        ok = self.meets(measured, limit)
        texts = (f"{measured:.{digits}{form}}" for digits in range(least, _DIGITS))
        return next((text for text in texts if self.meets(float(text), limit) == ok), repr(measured))


_cosine = partial(Limit, at_least=True, high=1.0, slack=ROUNDING, decimals=5)
_share = partial(Limit, at_least=True, high=1.0, on_accuracy=True, percent=True)
_loss = partial(Limit, at_least=False, zero_included=True, on_accuracy=True)
_cost = partial(Limit, at_least=False)

_r2 = partial(Limit, at_least=True, high=1.0, slack=ROUNDING, decimals=5, on_accuracy=True)

_LIMITS = (
    _r2(name="r2", meaning="R² to the original, mean over channels, or of all classes together"),
    _r2(name="r2_channel_min", meaning="R² of the worst channel"),
    _cosine(name="cosine", meaning="cosine, mean over inputs", on_accuracy=True),
    _cosine(name="cosine_min", meaning="cosine of the worst input", on_accuracy=True),
    Limit(
        name="snr_db",
        meaning="signal-to-noise ratio, mean over inputs",
        at_least=True,
        unit=" dB",
        on_accuracy=True,
    ),
    _loss(name="max_abs", meaning="largest difference of any number, of the worst input"),
    _loss(
        name="metric_drop",
        meaning="what the model's own metric loses, mean over inputs",
        percent=True,
    ),
    _share(name="top1", meaning="share of positions where both choose the same class"),
    _share(name="topk", meaning="share of the five likeliest classes that both have"),
    _loss(name="kl", meaning="Kullback-Leibler divergence from the original, in nats"),
    _loss(name="perplexity_ratio", meaning="perplexity of the targets over the original's"),
    _share(name="token_agreement", meaning="share of tokens before both continue differently"),
    _share(name="recall_at_10", meaning="share of the ten nearest samples that both find"),
    _share(name="rank", meaning="rank correlation of the distances between samples"),
    _loss(name="attention_distance", meaning="share of attention that goes to other keys", percent=True),
    _cost(name="latency_ms", meaning="latency, median", unit=" ms"),
    Limit(name="latency_ratio", meaning="speedup over the original, p50", at_least=True, unit="x"),
    _cost(name="size_mb", meaning="size on disk of the graphs with their weights", unit=" MB"),
    _cost(name="cache_mb", meaning="key-value cache of the longest text", unit=" MB"),
    _cost(name="memory_mb", meaning="memory that loading and running it adds to a process", unit=" MB"),
)

LIMITS: Mapping[str, Limit] = {limit.name: limit for limit in _LIMITS}

# Asked of every bundle: a device that may answer so far off proves nothing.
GOLDEN = _cost(name="golden", meaning="error of golden outputs on any device, in units of their spread")


def limit_of(name: str) -> Limit:
    """Return the limit that a check goes by."""
    return GOLDEN if name == GOLDEN.name else LIMITS[name]


def r2_of(cosine: float) -> float:
    """Return the R² of answers around 0 that have this cosine to the original's."""
    return 1 - 2 * (1 - cosine)
