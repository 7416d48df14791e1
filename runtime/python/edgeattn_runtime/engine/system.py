"""What the operating system reports of its machine: memory, clocks and the kernel's counters.

Figures that a system does not report are None.
"""

from __future__ import annotations

import os
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

STAT, LOAD, CPUINFO = Path("/proc/stat"), Path("/proc/loadavg"), Path("/proc/cpuinfo")
MEMORY, OWN = Path("/proc/meminfo"), Path("/proc/self/status")
CPUS = Path("/sys/devices/system/cpu")
POWER = Path("/sys/class/powercap")  # RAPL: energy counters of x86 processors

_BUSY = slice(0, 3), slice(5, 7)  # user, nice, system; irq, softirq: columns of /proc/stat
_STOLEN = 7


def peak_memory_mb() -> float | None:
    """Return the peak resident memory of this process in MB (10^6 bytes), or None where it cannot be known.

    Linux is asked through /proc: its getrusage also counts what a parent held before this process began.
    """
    if (peak := _megabytes(OWN, "VmHWM")) is not None:
        return peak
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1 if sys.platform == "darwin" else 1024  # bytes on macOS, KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def available_memory_mb() -> float | None:
    """Return the memory to be had without swapping, in MB (10^6 bytes), or None where it cannot be known.

    Known where the kernel reports it in /proc, that is on Linux and Android.
    """
    return _megabytes(MEMORY, "MemAvailable")


def total_memory_mb() -> float | None:
    """Return the machine's memory in MB (10^6 bytes), or None where it cannot be known."""
    if (total := _megabytes(MEMORY, "MemTotal")) is not None:
        return total
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e6
    except (AttributeError, ValueError):  # Windows, which has no sysconf; a system without these names
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """What it counts; None is what it does not report.

    ``clock`` is in seconds, ``own`` (of this process and its children), ``busy``, ``idle`` and ``stolen`` (by
    a hypervisor) in seconds of cores. ``switches`` is how often a thread of this process had to make way,
    ``energy`` by package its microjoules, and where they wrap.
    """

    clock: float
    own: float
    busy: float | None
    idle: float | None
    stolen: float | None
    switches: int | None
    energy: dict[str, tuple[int, int]]

    @classmethod
    def now(cls) -> Counters:
        """Read them."""
        times = os.times()
        columns = _stat()
        switches = re.search(r"^nonvoluntary_ctxt_switches:\s*(\d+)", read_text(OWN), re.MULTILINE)
        return cls(
            clock=time.monotonic(),
            own=times.user + times.system + times.children_user + times.children_system,
            busy=sum(sum(columns[part]) for part in _BUSY) if columns else None,
            idle=columns[3] if columns else None,
            stolen=columns[_STOLEN] if len(columns) > _STOLEN else None,
            switches=int(switches[1]) if switches else None,
            energy=_energy(),
        )


def has_amx() -> bool:
    """Say whether Linux reports that the CPU multiplies int8 by AMX."""
    return re.search(r"^flags\b.*\bamx_int8\b", read_text(CPUINFO), re.MULTILINE) is not None


def load_average() -> float | None:
    """Return how many processes ran or waited to, over the last minute."""
    match = re.match(r"[\d.]+", read_text(LOAD))
    return float(match[0]) if match else None


def clock_mhz() -> float | None:
    """Return the mean clock of the cores, by their governor's files or else by /proc/cpuinfo."""
    by_governor = [read_text(path) for path in sorted(CPUS.glob("cpu[0-9]*/cpufreq/scaling_cur_freq"))]
    kilohertz = [int(text) for text in by_governor if text.strip().isdigit()]
    if kilohertz:
        return mean(kilohertz) / 1000
    frequencies = re.findall(r"^cpu MHz\s*:\s*([\d.]+)", read_text(CPUINFO), re.MULTILINE)
    return mean(map(float, frequencies)) if frequencies else None


def governor() -> str | None:
    """Return what sets the cores' clock, such as "powersave"; several joined by a comma."""
    files = sorted(CPUS.glob("cpu[0-9]*/cpufreq/scaling_governor"))
    names = dict.fromkeys(name for path in files if (name := read_text(path).strip()))
    return ", ".join(names) or None


def joules_between(old: tuple[int, int], new: tuple[int, int]) -> float:
    """Return by how many joules a counter has grown, that may have wrapped once."""
    microjoules = new[0] - old[0]
    return (microjoules if microjoules >= 0 else microjoules + old[1]) / 1e6


def _stat() -> list[float]:
    """Return the columns of all cores together in seconds, none where the kernel does not report them."""
    line = re.match(r"cpu +([\d ]+)", read_text(STAT))
    if line is None:
        return []
    ticks: int = os.sysconf("SC_CLK_TCK")
    columns = [int(column) / ticks for column in line[1].split()]
    return columns if len(columns) > _BUSY[1].start and any(columns) else []


def _energy() -> dict[str, tuple[int, int]]:
    """Return each package's counter and where it wraps; what may not be read is left out."""
    counters = {}
    for zone in sorted(POWER.glob("*-rapl:[0-9]*")):
        energy, wraps = read_text(zone / "energy_uj").strip(), read_text(zone / "max_energy_range_uj").strip()
        if zone.name.count(":") == 1 and energy.isdigit() and wraps.isdigit():  # a package, none of its parts
            counters[zone.name] = int(energy), int(wraps)
    return counters


def _megabytes(path: Path, name: str) -> float | None:
    """Return a figure of a file of /proc that counts in KiB, in 10^6 bytes; None where it is not there."""
    match = re.search(rf"{name}:\s*(\d+) kB", read_text(path))
    return int(match[1]) * 1024 / 1e6 if match else None


def read_text(path: Path) -> str:
    """Return a file of the kernel's, empty where there is none or it may not be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
