"""Measurements that nothing disturbed, or that are made again, marked or refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edgeattn.devices.asking import Asking, Contents
from edgeattn.devices.disturbance import Disturbance
from edgeattn_runtime.errors import BadInput

REPEATS = 2  # of a measurement that was disturbed


@dataclass(frozen=True)
class Steady:
    """Has measurements made on a device.

    Attributes:
        asking: The device.
        marks: What disturbed measurements that count nevertheless, in words.
    """

    asking: Asking
    marks: list[str] = field(default_factory=list)

    def __call__(self, verb: str, request: Mapping[str, object], contents: Contents) -> dict[str, Any]:
        """Have a measurement made, again where something disturbed it; what still counts then is marked.

        Args:
            verb: "time" or "bench".
            request: As ``Asking.ask`` takes it; contents too.
            contents: Of all files that it names.

        Raises:
            BadInput: The device slept or throttled so that no time means anything, or what it raised itself.
        """
        tries: list[tuple[Disturbance, dict[str, Any]]] = []
        while len(tries) <= REPEATS and not (tries and tries[-1][0].is_steady):
            answer = self.asking.ask(verb, request, contents)
            tries.append((Disturbance.of(answer["steadiness"]), answer))
        disturbance, best = min(tries, key=lambda each: (each[0].slept, each[0].slower))
        if disturbance.is_useless:
            raise BadInput(
                f"device {self.asking.device.name}: {disturbance}, {len(tries)} times in a row; no time of "
                "it means anything: let it cool, keep it awake, and start again: what was measured is kept"
            )
        if not disturbance.is_steady:
            self.marks.append(str(disturbance))
        return best
