"""A row with what it came to, as the table, the page and sweep.json tell it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edgeattn.report.number_words import limit_text, measured_text
from edgeattn.report.verdict_words import undecided_notes
from edgeattn.results.latency import INT8, PYTORCH, Race
from edgeattn.results.report import Report
from edgeattn.results.trial import TrialResult, recipe_words
from edgeattn.sweep.row import Outcome, Row

Word = Literal["pass", "fail", "undecided", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row and its figures; these are None where the model could not be exported.

    Attributes:
        number: Its place in the sweep, from 1.
        model: The model's name.
        budget: As it was given.
        target: What it is for.
        device: The device's name, or the processor's.
        verdict: The report's; "refused" where there is none.
        reason: What is missed, or why there is no report; empty of a pass.
        recipe: The chosen recipe.
        r2: Over the evaluation samples, of the worst output.
        r2_channel_min: Of the worst channel of all.
        latency_ms: Of the chosen recipe, p50 in the search, one thread, in processor time.
        nominal: Whether that is counted, not measured.
        size_mb: Of the int8 graphs, 1 MB = 10^6 bytes.
        speedup: PyTorch's p50 over int8's, raced after the search; None where the engine did not run.
        command: What makes the bundle.
    """

    number: int
    model: str
    budget: str
    target: str
    device: str
    verdict: Word
    reason: str
    recipe: str = ""
    r2: float | None = None
    r2_channel_min: float | None = None
    latency_ms: float | None = None
    nominal: bool = False
    size_mb: float | None = None
    speedup: float | None = None
    command: str

    @classmethod
    def of(cls, number: int, row: Row, outcome: Outcome) -> Line:
        """Read a row's figures off its report."""
        report = outcome.read()
        if report is None:
            return cls(
                number=number,
                model=row.model.name,
                budget=row.budget,
                target=row.target,
                device=row.device or "",
                verdict="refused",
                reason=outcome.reason,
                command=row.command,
            )
        chosen = chosen_of(report)
        return cls(
            number=number,
            model=report.model,
            budget=row.budget,
            target=row.target,
            device=row.device or report.machine.cpu,
            verdict=report.verdict,
            reason=_missed(report),
            recipe=recipe_words(report.recipe),
            r2=report.accuracy.worst_output.r2,
            r2_channel_min=report.accuracy.worst_channel.r2_channel_min,
            latency_ms=None if chosen is None else chosen.latency_ms,
            nominal=report.nominal,
            size_mb=report.size_mb[INT8],
            speedup=_speedup(report.latency_ms),
            command=row.command,
        )


def _speedup(race: Race | None) -> float | None:
    """Return PyTorch's p50 over int8's; None where no PyTorch ran beside it."""
    if race is None or PYTORCH not in race.latencies:
        return None
    return race[PYTORCH].p50 / race[INT8].p50


def chosen_of(report: Report) -> TrialResult | None:
    """Return the trial by whose recipe the bundle was made."""
    return next((trial for trial in report.trials if trial.chosen), None)


def _missed(report: Report) -> str:
    """Say in one line which checks and edge cases are no pass."""
    failed = [
        f"{c.name} is {measured_text(c)}, {limit_text(c)} required"
        for c in report.checks
        if c.verdict == "fail"
    ]
    broken = [f"{case.name}: {case.reason}" for case in report.edge_cases if not case.ok]
    few = [line.removesuffix(".") for line in undecided_notes(report.checks, report.samples.evaluation)]
    return "; ".join([*failed, *broken, *few])
