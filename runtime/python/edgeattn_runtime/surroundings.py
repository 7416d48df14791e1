"""What else the machine did while something was measured, as far as its kernel tells."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

STAT, LOAD, CPUINFO = Path("/proc/stat"), Path("/proc/loadavg"), Path("/proc/cpuinfo")
OWN = Path("/proc/self/status")
CPUS = Path("/sys/devices/system/cpu")
POWER = Path("/sys/class/powercap")  # RAPL: energy counters of x86 processors

NOTABLE_LOAD = 0.1  # cores that others keep busy
NOTABLE_STEAL = 0.01  # cores that the hypervisor gives to others
NOTABLE_CLOCK = 0.05  # of the clock, by which it moved
NOTABLE_SWITCHES = 20.0  # times a second that a thread of this process had to make way

_BUSY = slice(0, 3), slice(5, 7)  # user, nice, system; irq, softirq: columns of /proc/stat
_STOLEN = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A machine at one moment; None is what it does not tell.

    Attributes:
        load: Processes that run or wait to, over the last minute.
        clock_mhz: Of its cores, on average.
        governor: What sets their clock, such as "powersave"; several joined by a comma.
    """

    load: float | None
    clock_mhz: float | None
    governor: str | None

    @classmethod
    def now(cls) -> State:
        """Return the state of this machine."""
        load = re.match(r"[\d.]+", _read(LOAD))
        return cls(load=float(load[0]) if load else None, clock_mhz=_clock_mhz(), governor=_governor())


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """A machine before, during and after a measurement; None is what it does not tell.

    Attributes:
        before: When it began.
        after: When it ended.
        others: Cores that other processes kept busy, on average.
        stolen: Cores that a hypervisor gave to other machines.
        switches: How often a second a thread of this process had to make way for another.
        energy_j: Joules that the processor's packages took, whoever ran on them.
    """

    before: State
    after: State
    others: float | None
    stolen: float | None
    switches: float | None
    energy_j: float | None

    @property
    def disturbances(self) -> tuple[str, ...]:
        """What was out of the ordinary, in words."""
        told = []
        if self.others is not None and self.others >= NOTABLE_LOAD:
            told.append(f"other processes kept {self.others:.1f} cores busy")
        if self.stolen is not None and self.stolen >= NOTABLE_STEAL:
            told.append(f"the hypervisor took {self.stolen:.2f} cores away")
        if self.switches is not None and self.switches >= NOTABLE_SWITCHES:
            told.append(f"a thread had to make way {self.switches:.0f} times a second")
        old, new = self.before.clock_mhz, self.after.clock_mhz
        if old is not None and new is not None and abs(new - old) >= NOTABLE_CLOCK * old:
            told.append(f"the clock went from {old:.0f} to {new:.0f} MHz")
        return tuple(told)

    @property
    def absent(self) -> tuple[str, ...]:
        """What this machine does not tell, in words."""
        known = {
            "the load of other processes": self.others,
            "time that a hypervisor takes": self.stolen,
            "context switches": self.switches,
            "the clock": self.before.clock_mhz,
            "the governor of the clock": self.before.governor,
            "energy": self.energy_j,
        }
        return tuple(name for name, value in known.items() if value is None)


def together(measured: Sequence[Surroundings]) -> Surroundings:
    """Return the surroundings of several measurements one after the other as those of one."""
    return Surroundings(
        before=measured[0].before,
        after=measured[-1].after,
        others=_mean(each.others for each in measured),
        stolen=_mean(each.stolen for each in measured),
        switches=_mean(each.switches for each in measured),
        energy_j=_mean((each.energy_j for each in measured), times=len(measured)),
    )


def _mean(values: Iterable[float | None], *, times: int = 1) -> float | None:
    known = [value for value in values if value is not None]
    return times * mean(known) if known else None


class Watch:
    """Counters read when it is made, to be compared with what they are at the end."""

    def __init__(self) -> None:
        self._before = State.now()
        self._counters = _Counters.now()

    def surroundings(self) -> Surroundings:
        """Return what happened since."""
        old, new = self._counters, _Counters.now()
        seconds = max(new.clock - old.clock, 1e-9)
        others = stolen = switches = energy = None
        if old.busy is not None and new.busy is not None and (new.busy, new.idle) != (old.busy, old.idle):
            others = max(0.0, (new.busy - old.busy) - (new.own - old.own)) / seconds
        if others is not None and old.stolen is not None and new.stolen is not None:
            stolen = (new.stolen - old.stolen) / seconds
        if old.switches is not None and new.switches is not None:
            switches = (new.switches - old.switches) / seconds
        if old.energy and old.energy.keys() == new.energy.keys():
            energy = sum(_grown(old.energy[name], new.energy[name]) for name in old.energy)
        return Surroundings(
            before=self._before,
            after=State.now(),
            others=others,
            stolen=stolen,
            switches=switches,
            energy_j=energy,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counters:
    """What the kernel counts, in seconds of cores; energy by package, in microjoules, and where it wraps."""

    clock: float
    own: float
    busy: float | None
    idle: float | None
    stolen: float | None
    switches: int | None
    energy: dict[str, tuple[int, int]]

    @classmethod
    def now(cls) -> _Counters:
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


def _stat() -> list[float]:
    """Return the columns of all cores together in seconds, none where the kernel does not tell."""
    line = re.match(r"cpu +([\d ]+)", _read(STAT))
    if line is None:
        return []
    ticks: int = os.sysconf("SC_CLK_TCK")
    columns = [int(column) / ticks for column in line[1].split()]
    return columns if len(columns) > _BUSY[1].start and any(columns) else []


def _clock_mhz() -> float | None:
    """Return the mean clock of the cores, by their governor's files or else by /proc/cpuinfo."""
    by_governor = [_read(path) for path in sorted(CPUS.glob("cpu[0-9]*/cpufreq/scaling_cur_freq"))]
    kilohertz = [int(text) for text in by_governor if text.strip().isdigit()]
    if kilohertz:
        return mean(kilohertz) / 1000
    told = re.findall(r"^cpu MHz\s*:\s*([\d.]+)", _read(CPUINFO), re.MULTILINE)
    return mean(map(float, told)) if told else None


def _governor() -> str | None:
    files = sorted(CPUS.glob("cpu[0-9]*/cpufreq/scaling_governor"))
    named = dict.fromkeys(name for path in files if (name := _read(path).strip()))
    return ", ".join(named) or None


def _energy() -> dict[str, tuple[int, int]]:
    """Return each package's counter and where it wraps; what may not be read is left out."""
    found = {}
    for zone in sorted(POWER.glob("*-rapl:[0-9]*")):
        energy, wraps = _read(zone / "energy_uj").strip(), _read(zone / "max_energy_range_uj").strip()
        if zone.name.count(":") == 1 and energy.isdigit() and wraps.isdigit():  # a package, none of its parts
            found[zone.name] = int(energy), int(wraps)
    return found


def _grown(old: tuple[int, int], new: tuple[int, int]) -> float:
    """Return by how many joules a counter has grown, that may have wrapped once."""
    grown = new[0] - old[0]
    return (grown if grown >= 0 else grown + old[1]) / 1e6


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
