"""Latencies of several runners, measured side by side, and the conditions that they were measured under."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeattn_runtime.latency import Latency

PYTORCH, FLOAT, INT8 = "pytorch", "float", "int8"  # the original, the plain export and the product


@dataclass(frozen=True, slots=True)
class Conditions:
    """Under what a latency was measured.

    Attributes:
        threads: Intra-op threads, the same for all.
        shape: The median size of every symbolic dim over the timed samples.
        samples: How many samples were timed, from the smallest to the largest.
        rounds: Calls counted per model, interleaved, over all of these samples.
        spinning: Whether threads busy-wait for work. They never do: an app pays for it in battery.
    """

    threads: int
    shape: Mapping[str, int]
    samples: int
    rounds: int
    spinning: bool = False


@dataclass(frozen=True, slots=True)
class Race:
    """Latencies in ms by runner, measured side by side, and their conditions."""

    latencies: Mapping[str, Latency]
    conditions: Conditions

    def __getitem__(self, runner: str) -> Latency:
        return self.latencies[runner]
