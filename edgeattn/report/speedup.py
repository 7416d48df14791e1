"""How many times as fast as its original a runner is, told as a number only where that is sure."""

from __future__ import annotations

from edgeattn.measure.latencies import PYTORCH, Race
from edgeattn.report.number_words import figure

UNSURE = "unsure"  # the interval is too wide for a number


def speedup(race: Race, runner: str) -> str:
    """Write it as "4.17x"; empty where the original was not timed."""
    if PYTORCH not in race.latencies:
        return ""
    ratio = race.speedups.get(runner)
    if ratio is None:  # of a report that was written before intervals were
        return f"{figure(race[PYTORCH].p50 / race[runner].p50)}x"
    return f"{figure(ratio.value)}x" if ratio.sure else UNSURE
