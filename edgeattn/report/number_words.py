"""Numbers in text: with the digits that count, their units and their nouns."""

from __future__ import annotations

from collections.abc import Mapping

from edgeattn.results.check import Check
from edgeattn.results.latency import FLOAT, INT8, PYTORCH, Race
from edgeattn.results.limits import limit_of
from edgeattn.results.other_way import OtherWay
from edgeattn.results.report import Counts

UNSURE = "unsure"  # a speedup whose interval is too wide for a number

# The bundle's form is its target's: seldom only int8.
RUNNER_LABELS = {PYTORCH: "PyTorch", FLOAT: "float", INT8: "bundle"}

LEAST_SHARE = 0.01  # of the time, that is shown
LEAST_ERROR = 1e-5  # that is shown: float sums of two engines differ by less


def figure(value: float) -> str:
    """Write a number with about three digits that count: 1284, 39.2, 1.24, 0.083."""
    decimals = next((d for least, d in ((100, 0), (10, 1), (1, 2)) if abs(value) >= least), 3)
    return f"{value:.{decimals}f}"


def cosine(value: float) -> str:
    """Write a cosine with five decimals."""
    return f"{value:.5f}"


def r2(value: float) -> str:
    """Write a coefficient of determination with five decimals."""
    return f"{value:.5f}"


def error(value: float | None) -> str:
    """Write an error, which is in units of what answers vary by, with five decimals."""
    return "none" if value is None else f"{value:.5f}"


def count(number: int, noun: str) -> str:
    """Write "1 sample" or "2 samples"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def counts(numbers: Mapping[str, object]) -> str:
    """Write counts, or versions, as "Attention 6, Add 20"."""
    return ", ".join(f"{name} {number}" for name, number in numbers.items()) or "none"


def time_shares(shares: Mapping[str, float]) -> str:
    """Write shares of the time as "Conv 41 %, Attention 12 %"; those below a hundredth are one at the end."""
    large = {name: share for name, share in shares.items() if share >= LEAST_SHARE}
    rest = sum(shares.values()) - sum(large.values())
    named = [*large.items(), *([("others", rest)] if rest >= LEAST_SHARE else [])]
    return ", ".join(f"{name} {100 * share:.0f} %" for name, share in named)


def percent(error: float) -> str:
    """Write a relative error with two digits that count: 8.2 %, 0.052 %, 0 %."""
    return f"{float(f'{100 * error:.2g}'):g} %" if error >= LEAST_ERROR else "0 %"


def unknown_words(samples: Counts) -> str:
    """Write the share of unknown tokens as ", 0.4 % of their tokens unknown"; nothing without a tokenizer."""
    share = samples.unknown_tokens
    return "" if share is None else f", {100 * share:.2g} % of their tokens unknown"


def megabytes(sizes: Mapping[str, float]) -> str:
    """Write sizes as "int8 22.1 MB, float32 0.83 MB"."""
    written = (
        f"{name} {figure(size)} MB" if size >= 0.001 else f"{name} below 1 kB" for name, size in sizes.items()
    )
    return ", ".join(written) or "none"


def limit_text(check: Check) -> str:
    """Write a check's limit as "at least 0.99" or "at most 24 MB"."""
    return limit_of(check.name).bound_text(check.limit)


def measured_text(check: Check) -> str:
    """Write what a check measured, in as few digits as show on which side of its limit it is."""
    return limit_of(check.name).number_text(check.measured, check.limit)


def speedup_text(race: Race, runner: str) -> str:
    """Write how many times as fast as its original a runner is, as "4.17x", or ``UNSURE``.

    Returns:
        Nothing where the original was not timed.
    """
    if PYTORCH not in race.latencies:
        return ""
    ratio = race.speedups.get(runner)
    if ratio is None:  # of a report that was written before intervals were
        return f"{figure(race[PYTORCH].p50 / race[runner].p50)}x"
    return f"{figure(ratio.value)}x" if ratio.sure else UNSURE


def way_times(way: OtherWay) -> dict[str, str]:
    """Write the bundle's p50 in another way, and its speedup over the original; nothing if not timed."""
    race = way.latency_ms
    if race is None:
        return {}
    words = {f"{way.name}, p50": figure(race[INT8].p50), f"{way.name}, speedup": speedup_text(race, INT8)}
    return {label: text for label, text in words.items() if text}


def runner_label(runner: str, original: str = RUNNER_LABELS[PYTORCH]) -> str:
    """Return what a runner is called, where the original is called so."""
    return original if runner == PYTORCH else RUNNER_LABELS.get(runner, runner)
