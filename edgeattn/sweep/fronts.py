"""All that the searches of a sweep tried of each model: by target and device, with the fronts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from edgeattn.report.pareto.points import stairs
from edgeattn.results.report import Report
from edgeattn.results.trial import TrialResult
from edgeattn.sweep.line import Line, chosen_of
from edgeattn.sweep.row import Outcome

Key = tuple[str, float, float]  # a recipe's name, worst R² and MB, which are the same wherever it is timed


@dataclass(frozen=True, slots=True)
class Series:
    """What was tried of a model for one target on one device, by all budgets together.

    Attributes:
        target: What it is for.
        device: Where it was timed.
        nominal: Whether the times are counted, not measured.
        trials: Every recipe once, the fastest first.
        chosen: By the number of a row, the recipe of its bundle.
    """

    target: str
    device: str
    nominal: bool
    trials: tuple[TrialResult, ...]
    chosen: Mapping[int, TrialResult]

    @property
    def front(self) -> tuple[TrialResult, ...]:
        """What nothing dominates in latency and worst R², the fastest first."""
        return stairs(self.trials)


@dataclass(frozen=True, slots=True)
class Cost:
    """One recipe, and what it costs where.

    Attributes:
        name: The recipe's.
        r2_min: The worst selection sample's.
        size_mb: The int8 graphs with their weights.
        latency_ms: By the place of a series, p50; None where it was not tried there.
        rows: The numbers of the rows whose bundles it makes.
    """

    name: str
    r2_min: float
    size_mb: float
    latency_ms: tuple[float | None, ...]
    rows: tuple[int, ...]


def series_of(lines: Sequence[Line], outcomes: Sequence[Outcome]) -> dict[str, tuple[Series, ...]]:
    """Return by model what was tried of it; a model without a report is left out."""
    rows: dict[str, dict[tuple[str, str, bool], list[tuple[int, Report]]]] = {}
    for line, outcome in zip(lines, outcomes, strict=True):
        if (report := outcome.read()) is not None:
            place = (line.target, line.device, line.nominal)
            rows.setdefault(line.model, {}).setdefault(place, []).append((line.number, report))
    return {
        model: tuple(_series(*place, its) for place, its in by_place.items())
        for model, by_place in rows.items()
    }


def costs(several: Sequence[Series]) -> tuple[Cost, ...]:
    """Return what each recipe on a front, and each chosen one, costs in every series."""
    timed = [{_key(trial): trial for trial in series.trials} for series in several]
    rows: dict[Key, list[int]] = {_key(trial): [] for series in several for trial in series.front}
    for series in several:
        for number, trial in series.chosen.items():
            rows.setdefault(_key(trial), []).append(number)
    recipes = []
    for key, numbers in rows.items():
        times = tuple(trials[key].latency_ms if key in trials else None for trials in timed)
        recipes.append(Cost(*key, times, tuple(sorted(numbers))))
    return tuple(sorted(recipes, key=lambda cost: min(ms for ms in cost.latency_ms if ms is not None)))


def _series(target: str, device: str, nominal: bool, rows: Iterable[tuple[int, Report]]) -> Series:
    trials: dict[Key, TrialResult] = {}
    chosen: dict[int, TrialResult] = {}
    for number, report in rows:
        trials |= {_key(trial): trial for trial in report.trials}
        if (best := chosen_of(report)) is not None:
            chosen[number] = best
    ordered = sorted(trials.values(), key=lambda trial: trial.latency_ms)
    return Series(target, device, nominal, tuple(ordered), chosen)


def _key(trial: TrialResult) -> Key:
    return trial.name, trial.r2_min, trial.size_mb
