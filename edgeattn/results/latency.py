"""Latencies: of several runners, measured side by side, and of recipes across devices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edgeattn_runtime.timing.confidence import Ratio
from edgeattn_runtime.timing.latency import Latency
from edgeattn_runtime.timing.surroundings import Surroundings

PYTORCH, FLOAT, INT8 = "pytorch", "float", "int8"  # the original, the plain export and the product
COMPILED = "compiled"  # the original by torch.compile


@dataclass(frozen=True, slots=True)
class Conditions:
    """Under what a latency was measured.

    Attributes:
        threads: Intra-op threads, the same for all.
        shape: The median size of every symbolic dim over the timed samples.
        samples: How many samples were timed, from the smallest to the largest.
        rounds: Calls counted per model, interleaved, over all of these samples.
        spinning: Whether threads busy-wait for work. They never do: an app pays for it in battery.
        warmup: Calls per model before, that are not counted; None where it was not noted.
        steady: Whether calls had become no faster by then.
        surroundings: What else the machine did; None where it was not noted.
    """

    threads: int
    shape: Mapping[str, int]
    samples: int
    rounds: int
    spinning: bool = False
    warmup: int | None = None
    steady: bool = True
    surroundings: Surroundings | None = None


@dataclass(frozen=True, slots=True)
class Race:
    """Latencies in ms by runner, measured side by side, and their conditions.

    Attributes:
        speedups: By runner, how many times as long the original takes, p50; empty where it did not run, and
            in reports that were written before it was noted.
    """

    latencies: Mapping[str, Latency]
    conditions: Conditions
    speedups: Mapping[str, Ratio] = field(default_factory=dict)

    @property
    def original(self) -> str:
        """The runner that others are compared with: the float export on a device, which has no PyTorch."""
        return PYTORCH if PYTORCH in self.latencies else FLOAT

    def __getitem__(self, runner: str) -> Latency:
        return self.latencies[runner]


@dataclass(frozen=True, slots=True)
class Price:
    """A variant's main graph on one device.

    Attributes:
        target: Of the variant, such as "cpu-on-pi4".
        latency_ms: p50 over the selection samples, all variants in turn: processor time on one thread, as in
            a search; else by the clock on the wall.
    """

    target: str
    recipe: str
    device: str
    threads: int
    latency_ms: float
