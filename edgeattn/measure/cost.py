"""Which of several ways to do the same is the cheapest here, by interleaved rounds and beyond their noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edgeattn_runtime.timing.interleaved import Clock, Rounds, Turns, timed
from edgeattn_runtime.timing.latency import Call, Name

ROUNDS = Rounds(least=4, most=30, seconds=2.0, warmup=1)  # of one comparison
SURE_SHARE = 0.75  # of the rounds in which a way must beat the default by the margin


@dataclass(frozen=True, slots=True)
class Way:
    """A call, and for how many answers it is: what it costs is shared among them."""

    call: Call
    answers: int = 1


def cheapest(
    ways: Mapping[Name, Way],
    default: Name,
    *,
    margin: float,
    threads: int = 1,
    pause: float = 0.0,
    turns: Turns = timed,
) -> Name:
    """Return the way that costs the least, as ``Clock`` has it, or the default where none beats it for sure.

    Args:
        ways: By name, the default among them.
        default: What stays where the others' advantage is below ``margin``, or is not seen in most rounds.
        margin: The share of the default's cost that a way must save.
        threads: The most that any way uses.
        pause: Seconds to wait after each call, for what its threads still burn.
        turns: Times the calls where they run.
    """
    calls = {name: way.call for name, way in ways.items()}
    costs = turns(calls, Clock("cost", threads, pause), ROUNDS)
    shares = {name: np.array(rounds) / ways[name].answers for name, rounds in costs.items()}
    ratios = {name: rounds / shares[default] for name, rounds in shares.items()}  # round by round
    sure = [name for name, ratio in ratios.items() if np.quantile(ratio, SURE_SHARE) <= 1 - margin]
    return min(sure, key=lambda name: float(np.median(ratios[name])), default=default)
