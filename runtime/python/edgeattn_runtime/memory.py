"""Memory: the most that this process has held, and what the machine still has."""

from __future__ import annotations

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
    meminfo = Path("/proc/meminfo")
    if meminfo.exists() and (available := re.search(r"MemAvailable:\s*(\d+) kB", meminfo.read_text())):
        return int(available[1]) * 1024 / 1e6
    return None
