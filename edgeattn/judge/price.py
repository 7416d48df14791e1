"""What one device's recipe costs on another: data that a report is read from without PyTorch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Price:
    """A variant's main graph on one device.

    Attributes:
        target: Of the variant, such as "cpu-on-pi4".
        recipe: By which it was made.
        device: Where it was timed.
        threads: Intra-op threads.
        latency_ms: p50 over the selection samples, all variants in turn: processor time on one thread, as in
            a search; else by the clock on the wall.
    """

    target: str
    recipe: str
    device: str
    threads: int
    latency_ms: float
