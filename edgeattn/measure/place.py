"""Where latency and memory are measured: on this machine, or on a device that a name stands for."""

from __future__ import annotations

from dataclasses import dataclass

from edgeattn_export.graph.hosts import HERE, Host
from edgeattn_runtime.machine import Machine


@dataclass(frozen=True, slots=True)
class Place:
    """A machine, and what runs graphs on it.

    Attributes:
        name: As ``--on`` has it; None for this machine.
        machine: The device.
        host: Opens graphs there, and times them.
        threads: Intra-op threads of what the search times.
    """

    name: str | None
    machine: Machine
    host: Host
    threads: int = 1

    @classmethod
    def here(cls) -> Place:
        """Return this machine."""
        return cls(None, Machine.here(), HERE)
