"""What disturbed a measurement on a device, by the reference calls before and after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

STEADY = 1.25  # times as long as the fastest reference call, up to which a device is as fast as it can be
USELESS = 2.0  # times as long, from which its times are refused


@dataclass(frozen=True, slots=True)
class Disturbance:
    """How a device was, around a measurement.

    Attributes:
        slower: How many times as long the slower of two reference calls took as the fastest ever did.
        slept: Seconds that the device was suspended meanwhile.
    """

    slower: float
    slept: float

    @classmethod
    def of(cls, told: Mapping[str, float]) -> Disturbance:
        """Read what the device told."""
        return cls(max(told["before"], told["after"]) / told["best"], told["slept"])

    @property
    def is_steady(self) -> bool:
        """Whether times count without a mark."""
        return self.slower <= STEADY and not self.slept

    @property
    def is_useless(self) -> bool:
        """Whether times are refused."""
        return self.slower >= USELESS or bool(self.slept)

    def __str__(self) -> str:
        if self.slept:
            return f"it slept for {self.slept:.1f} s"
        return f"it was {self.slower:.2g} times slower than at its best, as a device is that throttles"
