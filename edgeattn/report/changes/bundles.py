"""Two reports on one model: what became better or worse by more than the noise, and how that is shown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from rich.console import RenderableType
from rich.text import Text

from edgeattn.report.changes.benchmarks import interval_trend
from edgeattn.report.ci.summary import plain, table
from edgeattn.report.number_words import figure, measured_text, speedup_text
from edgeattn.report.table.layout import listing
from edgeattn.results.check import Check, EdgeCase
from edgeattn.results.latency import INT8, PYTORCH
from edgeattn.results.limits import limit_of
from edgeattn.results.report import Report
from edgeattn_runtime.timing.confidence import Interval, Ratio

Trend = Literal["better", "worse", "same", "not compared"]
SPEED_NOISE = 0.05  # of a ratio of latencies at least: what two runs on one idle machine differ by
SIZE_NOISE = 0.005  # of a size: names and versions that a graph carries
MEMORY_NOISE = 0.1  # of a process's peak
STYLES: Mapping[Trend, str] = {"better": "green", "worse": "red", "same": "", "not compared": "dim"}
SIGNS: Mapping[Trend, str] = {"better": "✅ better", "worse": "❌ **worse**", "same": "same"}


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one figure.

    Attributes:
        word: What became of it; "same" is all that lies within the noise.
        why: By what it is so, in words; may be empty.
    """

    name: str
    before: str
    after: str
    word: Trend
    why: str = ""


def changes(old: Report, new: Report) -> tuple[Change, ...]:
    """Compare two reports on one target of one model."""
    return (
        Change("verdict", old.verdict, new.verdict, _by_rank(old.verdict, new.verdict)),
        *_accuracy(old, new),
        _speedup(old, new),
        _smaller("size, MB", old.size_mb[INT8], new.size_mb[INT8], SIZE_NOISE),
        *_memory(old, new),
        *_edge_cases(old, new),
    )


def _by_rank(old: str, new: str) -> Trend:
    ranks = ("fail", "undecided", "pass")
    return _step_trend(ranks.index(new) - ranks.index(old))


def _step_trend(steps: float) -> Trend:
    return "better" if steps > 0 else "worse" if steps < 0 else "same"


def _accuracy(old: Report, new: Report) -> Iterator[Change]:
    before = {check.name: check for check in old.checks}
    for check in new.checks:
        if check.name in before and limit_of(check.name).on_accuracy:
            yield _check(before[check.name], check)


def _check(old: Check, new: Check) -> Change:
    limit = limit_of(new.name)
    words = measured_text(old), measured_text(new)
    if old.bound is None or new.bound is None:
        if old.limit == new.limit:
            return Change(new.name, *words, _by_rank(old.verdict, new.verdict), "by its check: no interval")
        return Change(new.name, *words, "not compared", "another limit, and no interval")
    before, after = _interval(old.measured, old.bound), _interval(new.measured, new.bound)
    trend: Trend = interval_trend(before, after, more_is_better=limit.at_least)
    return Change(new.name, *words, trend, "by their intervals")


def _interval(value: float, bound: float) -> Interval:
    half = abs(value - bound)
    return Interval(value - half, value + half)


def _speedup(old: Report, new: Report) -> Change:
    name = f"speedup over {new.original}, p50"
    before, after = (_ratio(report) for report in (old, new))
    texts = _speedup_text(old), _speedup_text(new)
    if before is None or after is None:
        return Change(name, *texts, "not compared", "not measured in both")
    if (difference := _difference(old, new)) is not None:
        return Change(name, *texts, "not compared", difference)
    word: Trend = interval_trend(_noise_interval(before), _noise_interval(after), more_is_better=True)
    return Change(name, *texts, word, f"by their intervals, {100 * SPEED_NOISE:.0f} % at least")


def _ratio(report: Report) -> Ratio | None:
    race = report.latency_ms
    if race is None or PYTORCH not in race.latencies:
        return None
    return race.speedups.get(INT8) or Ratio(race[PYTORCH].p50 / race[INT8].p50, None)


def _speedup_text(report: Report) -> str:
    race = report.latency_ms
    return "none" if race is None else speedup_text(race, INT8) or "none"


def _noise_interval(ratio: Ratio) -> Interval:
    """Return a ratio's interval, no narrower than two runs on one machine differ."""
    low, high = ratio.value * (1 - SPEED_NOISE), ratio.value * (1 + SPEED_NOISE)
    interval = ratio.interval
    if interval is None:
        return Interval(low, high)
    return Interval(min(low, interval.low), max(high, interval.high))


def _difference(old: Report, new: Report) -> str | None:
    """Say why two races cannot be compared; None where they can."""
    before, now = old.machine, new.machine
    if (before.cpu, before.instruction_sets, before.cores) != (now.cpu, now.instruction_sets, now.cores):
        return f"another machine: {before} and {now}"
    if old.latency_ms is None or new.latency_ms is None:
        return None
    old_conditions, new_conditions = old.latency_ms.conditions, new.latency_ms.conditions
    if (old_conditions.threads, old_conditions.shape) != (new_conditions.threads, new_conditions.shape):
        return "other threads or sizes"
    return None


def _memory(old: Report, new: Report) -> Iterator[Change]:
    if old.memory_mb is None or new.memory_mb is None:
        return
    if (difference := _difference(old, new)) is not None:
        yield Change("memory, MB", figure(old.memory_mb), figure(new.memory_mb), "not compared", difference)
    else:
        yield _smaller("memory, MB", old.memory_mb, new.memory_mb, MEMORY_NOISE)


def _smaller(name: str, before: float, after: float, noise: float) -> Change:
    moved = 0.0 if abs(after - before) <= noise * before else before - after
    return Change(name, figure(before), figure(after), _step_trend(moved))


def _edge_cases(old: Report, new: Report) -> Iterator[Change]:
    """Yield those that failed in one of both; a case that only one of them has was derived anew."""
    before: Mapping[str, EdgeCase] = {case.name: case for case in old.edge_cases}
    for case in new.edge_cases:
        old_case = before.get(case.name)
        if not case.ok or (old_case is not None and not old_case.ok):
            was = "not tried" if old_case is None else old_case.verdict
            moved = case.ok - (True if old_case is None else old_case.ok)
            name, trend = f"edge case: {case.name}", _step_trend(moved)
            yield Change(name, was, case.verdict, trend, case.reason or "")


def changes_parts(title: str, figures: Sequence[Change]) -> tuple[RenderableType, ...]:
    """Lay out what became of each figure."""
    rows = listing("", ">before", ">after", "", "")
    for change in figures:
        word = Text(change.word, style=STYLES[change.word])
        rows.add_row(change.name, change.before, change.after, word, Text(change.why, style="dim"))
    return Text(title, style="bold"), rows


def changes_summary(title: str, figures: Sequence[Change]) -> str:
    """Return the same as Markdown."""
    rows = (
        (plain(it.name), plain(it.before), plain(it.after), SIGNS.get(it.word, it.word), plain(it.why))
        for it in figures
    )
    return "\n".join((f"### {plain(title)}", "", *table(("", ">before", ">after", "", ""), rows))) + "\n"


def changes_json(figures: Mapping[str, Sequence[Change]]) -> str:
    """Return what ``--json`` prints: changes by target."""
    table = {target: [asdict(change) for change in each] for target, each in figures.items()}
    return json.dumps(table, indent=2, ensure_ascii=False) + "\n"
