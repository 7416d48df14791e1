"""How onnxruntime opens a variant's graphs: chosen by measurement where the bundle was made."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

from edgeattn_runtime.errors import InputError
from edgeattn_runtime.fields import Positive, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSettings(Record):
    """Options of an onnxruntime session; none of them changes an answer.

    Attributes:
        threads: Intra-op threads, at least 1.
        spinning: Whether threads busy-wait for work, onnxruntime's default. It keeps their cores busy between
            two operators and after a call, which costs the app around the model stutter and battery, and a
            runner that is measured at the same time its speed.
        arena: Whether memory for activations is kept between calls.
        memory_pattern: Whether a call of known sizes takes that memory in one piece.
    """

    threads: Positive = 1
    spinning: bool = False
    arena: bool = True
    memory_pattern: bool = True

    def __post_init__(self) -> None:
        if self.threads < 1:
            raise InputError(f"{self.threads} threads; expected at least 1")

    def here(self) -> SessionSettings:
        """Return the same with no more threads than this machine has cores for."""
        return replace(self, threads=min(self.threads, available_cores()))


PLAIN = SessionSettings()  # of a variant without settings


def available_cores() -> int:
    """Return how many cores this process may run on."""
    allowed: Callable[[int], set[int]] | None = getattr(os, "sched_getaffinity", None)  # Linux and Android
    return len(allowed(0)) if allowed else os.cpu_count() or 1
