"""What else the machine did while something was measured, as far as its kernel says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import mean

from edgeattn_runtime.engine.system import Counters, clock_mhz, governor, joules_between, load_average

NOTABLE_LOAD = 0.1  # cores that others keep busy
NOTABLE_STEAL = 0.01  # cores that the hypervisor gives to others
NOTABLE_CLOCK = 0.05  # of the clock, by which it moved
NOTABLE_SWITCHES = 20.0  # times a second that a thread of this process had to make way


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A machine at one moment; None is what it does not report.

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
        return cls(load=load_average(), clock_mhz=clock_mhz(), governor=governor())


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """A machine before, during and after a measurement; None is what it does not report.

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
        notes = []
        if self.others is not None and self.others >= NOTABLE_LOAD:
            notes.append(f"other processes kept {self.others:.1f} cores busy")
        if self.stolen is not None and self.stolen >= NOTABLE_STEAL:
            notes.append(f"the hypervisor took {self.stolen:.2f} cores away")
        if self.switches is not None and self.switches >= NOTABLE_SWITCHES:
            notes.append(f"a thread had to make way {self.switches:.0f} times a second")
        old, new = self.before.clock_mhz, self.after.clock_mhz
        if old is not None and new is not None and abs(new - old) >= NOTABLE_CLOCK * old:
            notes.append(f"the clock went from {old:.0f} to {new:.0f} MHz")
        return tuple(notes)

    @property
    def absent(self) -> tuple[str, ...]:
        """What this machine does not report, in words."""
        figures = {
            "the load of other processes": self.others,
            "time that a hypervisor takes": self.stolen,
            "context switches": self.switches,
            "the clock": self.before.clock_mhz,
            "the governor of the clock": self.before.governor,
            "energy": self.energy_j,
        }
        return tuple(name for name, value in figures.items() if value is None)


def combined(measured: Sequence[Surroundings]) -> Surroundings:
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
    numbers = [value for value in values if value is not None]
    return times * mean(numbers) if numbers else None


class Watch:
    """Counters read when it is made, to be compared with what they are at the end."""

    def __init__(self) -> None:
        self._before = State.now()
        self._counters = Counters.now()

    def surroundings(self) -> Surroundings:
        """Return what happened since."""
        old, new = self._counters, Counters.now()
        seconds = max(new.clock - old.clock, 1e-9)
        others = stolen = switches = energy = None
        if old.busy is not None and new.busy is not None and (new.busy, new.idle) != (old.busy, old.idle):
            others = max(0.0, (new.busy - old.busy) - (new.own - old.own)) / seconds
        if others is not None and old.stolen is not None and new.stolen is not None:
            stolen = (new.stolen - old.stolen) / seconds
        if old.switches is not None and new.switches is not None:
            switches = (new.switches - old.switches) / seconds
        if old.energy and old.energy.keys() == new.energy.keys():
            energy = sum(joules_between(old.energy[name], new.energy[name]) for name in old.energy)
        return Surroundings(
            before=self._before,
            after=State.now(),
            others=others,
            stolen=stolen,
            switches=switches,
            energy_j=energy,
        )
