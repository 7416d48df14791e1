"""Memory: the most that this process has held, and what the machine still has."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path


def peak_memory_mb() -> float | None:
    """Return the peak resident memory of this process in MB (10^6 bytes), or None where it cannot be known.

    Linux is asked through /proc: its getrusage also counts what a parent held before this process began.
    """
    status = Path("/proc/self/status")
    if status.exists() and (peak := re.search(r"VmHWM:\s*(\d+) kB", status.read_text())):
        return int(peak[1]) * 1024 / 1e6
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1 if sys.platform == "darwin" else 1024  # bytes on macOS, KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def available_memory_mb() -> float | None:
    """Return the memory to be had without swapping, in MB (10^6 bytes), or None where it cannot be known.

    Known where the kernel tells it in /proc, that is on Linux and Android.
    """
    return _meminfo("MemAvailable")


def total_memory_mb() -> float | None:
    """Return the machine's memory in MB (10^6 bytes), or None where it cannot be known."""
    total = _meminfo("MemTotal")
    if total is not None:
        return total
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e6
    except (AttributeError, ValueError):  # Windows, which has no sysconf; a system without these names
        return None


def _meminfo(name: str) -> float | None:
    meminfo = Path("/proc/meminfo")
    if meminfo.exists() and (found := re.search(rf"{name}:\s*(\d+) kB", meminfo.read_text())):
        return int(found[1]) * 1024 / 1e6
    return None
