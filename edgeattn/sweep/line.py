"""A row with its outcome, as the table, the page and sweep.json give it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from edgeattn.report.number_words import figure, limit_text, measured_text, r2
from edgeattn.report.verdict_words import undecided_notes
from edgeattn.results.latency import INT8, PYTORCH, Race
from edgeattn.results.report import Report
from edgeattn.results.trial import TrialResult, recipe_words
from edgeattn.sweep.row import Outcome, Row

Word = Literal["pass", "fail", "undecided", "refused"]

_STYLES: dict[Word, str] = {"pass": "green", "fail": "red", "undecided": "yellow", "refused": "red"}
_NUMBERS = ("R²", "worst", "ms", "MB", "speedup")


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
    """Return PyTorch's p50 over int8's; None where no PyTorch was timed with it."""
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


def table_parts(lines: Sequence[Line]) -> tuple[RenderableType, ...]:
    """Lay out a sweep: a row each, then what those that do not pass miss."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    places = _differing(lines)
    for name in ("", "Model", "Budget", *places, ""):
        table.add_column(name, overflow="fold")  # two budgets must not look alike
    figures = [_figures(line) for line in lines]
    columns = [i for i in range(len(_NUMBERS)) if any(row[i] for row in figures)]
    for i in columns:
        table.add_column(_NUMBERS[i], justify="right", no_wrap=True)
    for line, row in zip(lines, figures, strict=True):
        place = (str(getattr(line, name.lower())) for name in places)
        word = Text(line.verdict, style=_STYLES[line.verdict])
        number = Text(str(line.number), style="dim")
        table.add_row(number, line.model, line.budget, *place, word, *(row[i] for i in columns))
    misses = [Text(f"{line.number}  {line.model}: {line.reason}") for line in lines if line.reason]
    return table, *misses, Text(_conditions(lines, places), style="dim")


def _differing(lines: Sequence[Line]) -> tuple[str, ...]:
    """Return which of the columns for a place do not say the same in every row."""
    words = {
        "Target": {line.target for line in lines},
        "Device": {line.device for line in lines if line.device},
    }
    return tuple(name for name, each in words.items() if len(each) > 1)


def _figures(line: Line) -> tuple[str, ...]:
    return (
        *("" if value is None else r2(value) for value in (line.r2, line.r2_channel_min)),
        "" if line.latency_ms is None else figure(line.latency_ms) + ("*" if line.nominal else ""),
        "" if line.size_mb is None else figure(line.size_mb),
        "" if line.speedup is None else f"{figure(line.speedup)}x",
    )


def _conditions(lines: Sequence[Line], places: Sequence[str]) -> str:
    target = "" if "Target" in places else f"For {lines[0].target}. "
    name = "" if "Device" in places else max(line.device for line in lines)  # "" where no row has any
    device = f" on {name}" if name else ""
    raced = any(line.speedup is not None for line in lines)
    speedup = " speedup: PyTorch's p50 over int8's, raced side by side." if raced else ""
    nominal = " * counted, not measured." if any(line.nominal for line in lines) else ""
    return (
        f"{target}ms: the chosen recipe in the search, p50, one thread{device}, processor time."
        f"{speedup}{nominal}"
    )
