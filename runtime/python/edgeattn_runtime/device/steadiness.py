"""Whether a device is as fast after a measurement as before: one that throttles or sleeps is not."""

from __future__ import annotations

import hashlib
import json
import math
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edgeattn_runtime.timing.latency import processor_milliseconds

_WORK = bytes(1 << 16)  # hashed: no other core, no memory beyond a cache, the same on every call
_CALLS = 5
_LEAST_SLEEP = 0.1  # seconds, below which two clocks merely differ


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reference call takes at one time, and for how long the device has slept since it started.

    Attributes:
        at: Seconds of the device's own clock.
        milliseconds: Processor time of a fixed piece of arithmetic, the least of a few calls.
        asleep: Seconds; 0 where the system does not report it.
    """

    at: float
    milliseconds: float
    asleep: float

    @classmethod
    def now(cls) -> Reading:
        """Take it."""
        calls = (processor_milliseconds(_hash) for _ in range(_CALLS))
        return cls(time.monotonic(), min(calls), _asleep())


class Watch:
    """Readings of one device, over all of its measurements since it was started."""

    def __init__(self, file: Path) -> None:
        self._file, self._boot = file, _boot()
        self.best = self._kept()

    def read(self) -> Reading:
        """Take a reading."""
        reading = Reading.now()
        if reading.milliseconds < self.best:
            self.best = reading.milliseconds
            self._keep()
        return reading

    def steadiness(self, before: Reading, after: Reading) -> dict[str, float]:
        """Return what a host judges a measurement by: how steady the device was."""
        slept = after.asleep - before.asleep
        return {
            "began": before.at,
            "ended": after.at,
            "before": before.milliseconds,
            "after": after.milliseconds,
            "best": self.best,
            "slept": slept if slept > _LEAST_SLEEP else 0.0,
        }

    def _kept(self) -> float:
        with suppress(OSError, ValueError, TypeError, KeyError):
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            if self._boot and kept["boot"] == self._boot and kept["best"] > 0:
                return float(kept["best"])
        return math.inf

    def _keep(self) -> None:
        with suppress(OSError):  # on a full disk, only for this process
            self._file.write_text(json.dumps({"boot": self._boot, "best": self.best}), encoding="utf-8")


def _boot() -> str:
    """Return what distinguishes this start of the system from others; empty where it is unknown."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _hash() -> bytes:
    return hashlib.sha256(_WORK).digest()


def _asleep() -> float:
    """Return how long the system was suspended since it started: CLOCK_MONOTONIC stands still meanwhile."""
    boot: int | None = getattr(time, "CLOCK_BOOTTIME", None)  # Linux and Android
    return 0.0 if boot is None else time.clock_gettime(boot) - time.clock_gettime(time.CLOCK_MONOTONIC)
