"""Measurements that nothing disturbed, or that are made again, marked or refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeattn.devices.connection import Connection
from edgeattn.devices.files import Contents
from edgeattn_runtime.device.frames import Message
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.fields import Field

REPEATS = 2  # of a measurement that was disturbed
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
    def of(cls, answer: Field) -> Disturbance:
        """Read what a device says of itself."""
        numbers = answer.numbers()
        if not {"before", "after", "best", "slept"} <= set(numbers) or not numbers["best"] > 0:
            raise answer.refusal("before, after, best and slept, in numbers")
        return cls(max(numbers["before"], numbers["after"]) / numbers["best"], numbers["slept"])

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


class Steady:
    """Has measurements made on a device, and notes what disturbed those that count nevertheless."""

    def __init__(self, connection: Connection) -> None:
        self.connection, self._marks = connection, list[str]()

    @property
    def marks(self) -> tuple[str, ...]:
        """What disturbed them by now, in words."""
        return tuple(self._marks)

    def __call__(self, verb: str, request: Mapping[str, object], contents: Contents) -> Message:
        """Have a measurement made, again where something disturbed it; what still counts then is marked.

        Args:
            verb: "time", "race" or "bench".
            request: As ``Connection.ask`` takes it; contents too.
            contents: Of all files that it names.

        Raises:
            BadInput: The device slept or throttled so that no time means anything, or what it raised itself.
        """
        tries: list[tuple[Disturbance, Message]] = []
        while len(tries) <= REPEATS and not (tries and tries[-1][0].is_steady):
            answer, _ = self.connection.ask(verb, request, contents)
            steadiness = Field(f"device {self.connection.name}: steadiness", answer.get("steadiness"))
            tries.append((Disturbance.of(steadiness), answer))
        disturbance, best = min(tries, key=lambda each: (each[0].slept, each[0].slower))
        if disturbance.is_useless:
            raise BadInput(
                f"device {self.connection.name}: {disturbance}, {len(tries)} times in a row; no time of "
                "it means anything: let it cool, keep it awake, and start again: what was measured is kept"
            )
        if not disturbance.is_steady:
            self._marks.append(str(disturbance))
        return best
