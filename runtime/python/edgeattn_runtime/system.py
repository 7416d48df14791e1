"""What the operating system tells of its machine: memory, clocks and the kernel's counters.

Figures that a system does not tell are None.
"""

from __future__ import annotations

import os
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import mean


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


STAT, LOAD, CPUINFO = Path("/proc/stat"), Path("/proc/loadavg"), Path("/proc/cpuinfo")
OWN = Path("/proc/self/status")
CPUS = Path("/sys/devices/system/cpu")
POWER = Path("/sys/class/powercap")  # RAPL: energy counters of x86 processors

_BUSY = slice(0, 3), slice(5, 7)  # user, nice, system; irq, softirq: columns of /proc/stat
_STOLEN = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """What it counts; None is what it does not tell.

    Attributes:
        clock: Seconds.
        own: Of cores, that this process and its children took.
        busy: Of cores, that anything ran on.
        idle: Of cores, that nothing ran on.
        stolen: Of cores, that a hypervisor gave to other machines.
        switches: How often a thread of this process had to make way.
        energy: By package its microjoules, and where they wrap.
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
        used = os.times()
        columns = _stat()
        switches = re.search(r"^nonvoluntary_ctxt_switches:\s*(\d+)", _read(OWN), re.MULTILINE)
        return cls(
            clock=time.monotonic(),
            own=used.user + used.system + used.children_user + used.children_system,
            busy=sum(sum(columns[part]) for part in _BUSY) if columns else None,
            idle=columns[3] if columns else None,
            stolen=columns[_STOLEN] if len(columns) > _STOLEN else None,
            switches=int(switches[1]) if switches else None,
            energy=_energy(),
        )


def load() -> float | None:
    """Return how many processes ran or waited to, over the last minute."""
    found = re.match(r"[\d.]+", _read(LOAD))
    return float(found[0]) if found else None


def clock_mhz() -> float | None:
    """Return the mean clock of the cores, by their governor's files or else by /proc/cpuinfo."""
    by_governor = [_read(path) for path in sorted(CPUS.glob("cpu[0-9]*/cpufreq/scaling_cur_freq"))]
    kilohertz = [int(text) for text in by_governor if text.strip().isdigit()]
    if kilohertz:
        return mean(kilohertz) / 1000
    told = re.findall(r"^cpu MHz\s*:\s*([\d.]+)", _read(CPUINFO), re.MULTILINE)
    return mean(map(float, told)) if told else None


def governor() -> str | None:
    """Return what sets the cores' clock, such as "powersave"; several joined by a comma."""
    files = sorted(CPUS.glob("cpu[0-9]*/cpufreq/scaling_governor"))
    named = dict.fromkeys(name for path in files if (name := _read(path).strip()))
    return ", ".join(named) or None


def joules_between(old: tuple[int, int], new: tuple[int, int]) -> float:
    """Return by how many joules a counter has grown, that may have wrapped once."""
    joules_between = new[0] - old[0]
    return (joules_between if joules_between >= 0 else joules_between + old[1]) / 1e6


def _stat() -> list[float]:
    """Return the columns of all cores together in seconds, none where the kernel does not tell."""
    line = re.match(r"cpu +([\d ]+)", _read(STAT))
    if line is None:
        return []
    ticks: int = os.sysconf("SC_CLK_TCK")
    columns = [int(column) / ticks for column in line[1].split()]
    return columns if len(columns) > _BUSY[1].start and any(columns) else []


def _energy() -> dict[str, tuple[int, int]]:
    """Return each package's counter and where it wraps; what may not be read is left out."""
    found = {}
    for zone in sorted(POWER.glob("*-rapl:[0-9]*")):
        energy, wraps = _read(zone / "energy_uj").strip(), _read(zone / "max_energy_range_uj").strip()
        if zone.name.count(":") == 1 and energy.isdigit() and wraps.isdigit():  # a package, none of its parts
            found[zone.name] = int(energy), int(wraps)
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
