"""Where latency and memory are measured: on this machine, or on a device that a name stands for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edgeattn.measure.memory import memory_mb
from edgeattn_export.graph.hosts import HERE, Host
from edgeattn_runtime.engine.kernels import kernels_here
from edgeattn_runtime.timing.machine import Machine


class Weigh(Protocol):
    """Returns the memory of a process that runs a bundle, in MB, as ``edgeattn.measure.memory`` does."""

    def __call__(self, bundle: Path, *, threads: int) -> float:
        """Weigh a bundle with so many intra-op threads."""


@dataclass(frozen=True, slots=True)
class Place:
    """A machine, and what runs graphs on it.

    Attributes:
        name: As reports have it; None for this machine.
        machine: The device, with the kernels that are installed there.
        host: Opens graphs there, and times them.
        threads: Intra-op threads of what is timed.
        weigh: Weighs bundles there.
        disturbances: Tells what disturbed measurements that were made there by now, in words.
    """

    name: str | None
    machine: Machine
    host: Host
    threads: int = 1
    weigh: Weigh = memory_mb
    disturbances: Callable[[], tuple[str, ...]] = tuple

    @classmethod
    def here(cls) -> Place:
        """Return this machine."""
        return cls(None, Machine.here(kernels_here()), HERE)

    @property
    def marks(self) -> tuple[str, ...]:
        """What disturbed measurements that count nevertheless, in words."""
        return self.disturbances()

    @property
    def is_here(self) -> bool:
        """Whether it is this machine."""
        return self.name is None
