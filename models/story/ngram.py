"""The baseline: a Kneser-Ney model of bytes."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

BYTES = 256


@dataclass(frozen=True)
class Level:
    """The n-grams of one length."""

    counts: Counter[bytes]  # of each n-gram
    totals: Counter[bytes]  # of each context, the counts of what follows it
    kinds: Counter[bytes]  # of each context, how many bytes were seen to follow it
    discount: float


def level(counts: Counter[bytes]) -> Level:
    """Sum up `counts` by context; the discount is estimated from how many n-grams came once and twice."""
    totals: Counter[bytes] = Counter()
    kinds: Counter[bytes] = Counter()
    for gram, count in counts.items():
        totals[gram[:-1]] += count
        kinds[gram[:-1]] += 1
    times = Counter(counts.values())
    return Level(counts, totals, kinds, times[1] / (times[1] + 2 * times[2]))


def fit(text: bytes, order: int) -> list[Level]:
    """Count the n-grams of `text`, from 1 byte to `order` (Kneser & Ney 1995; Chen & Goodman 1998).

    A shorter n-gram counts the bytes that were seen before it, not its own occurrences.
    """
    counts = Counter(text[i : i + order] for i in range(len(text) - order + 1))
    levels = [level(counts)]
    while len(levels) < order:
        counts = Counter(gram[1:] for gram in counts)
        levels.append(level(counts))
    return levels[::-1]


def probability(levels: list[Level], before: bytes, byte: bytes) -> float:
    """Return the probability of `byte` after the `order` - 1 bytes `before`; those of all 256 sum to 1."""
    odds = 1 / BYTES
    for known, grams in enumerate(levels):
        context = before[len(before) - known :]
        if total := grams.totals[context]:
            seen = max(grams.counts[context + byte] - grams.discount, 0.0)
            odds = (seen + grams.discount * grams.kinds[context] * odds) / total
    return odds


def bits_per_byte(levels: list[Level], text: bytes) -> float:
    """Return the mean of -log2 of the probability of each byte of `text` that has a whole context."""
    known = len(levels) - 1
    places = range(known, len(text))
    bits = sum(-math.log2(probability(levels, text[i - known : i], text[i : i + 1])) for i in places)
    return bits / len(places)
