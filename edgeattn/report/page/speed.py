"""How fast each runner of a report is: latencies drawn and told, under what they were measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgeattn.measure.latencies import FLOAT, INT8, PYTORCH, Race
from edgeattn.report.number_words import figure
from edgeattn.report.page.distributions import Distributions, distributions
from edgeattn.report.speedup import speedup
from edgeattn.report.table import RUNNERS, conditions_line


@dataclass(frozen=True, slots=True)
class Speed:
    """A race, to be shown.

    Attributes:
        race: What was measured.
        original: What "pytorch" stands for in it.
    """

    race: Race
    original: str

    @property
    def highlight(self) -> Mapping[str, str]:
        """How many times as fast as the original it is; as the float export where there is no PyTorch."""
        if PYTORCH in self.race.latencies:
            return {speedup(self.race, INT8): f"speedup over {self.original}, p50"}
        return {f"{figure(self.race[FLOAT].p50 / self.race[INT8].p50)}x": "speedup over float, p50"}

    @property
    def latencies(self) -> Distributions:
        """Of each runner."""
        return distributions({self._label(name): it for name, it in self.race.latencies.items()})

    @property
    def speedups(self) -> Mapping[str, str]:
        """By runner's label, how many times as fast as the original it is."""
        return {self._label(name): speedup(self.race, name) for name in self.race.latencies}

    @property
    def conditions(self) -> str:
        """Under what they were measured."""
        return conditions_line(self.race).plain

    @property
    def disturbed(self) -> Sequence[str]:
        """What disturbed them."""
        surroundings = self.race.conditions.surroundings
        return () if surroundings is None else surroundings.disturbances

    def _label(self, runner: str) -> str:
        return runner_label(runner, self.original)


def runner_label(runner: str, original: str) -> str:
    """Return what a runner is called on the page, where the original is called so."""
    return original if runner == PYTORCH else RUNNERS.get(runner, runner)
