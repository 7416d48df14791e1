"""A report on a terminal: its parts, with the original, the float graph and the bundle side by side."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from edgeattn.report.accuracy_words import accuracy_rows
from edgeattn.report.graph_words import distinct_refusals, form_words, placement_words, trained_grid_words
from edgeattn.report.number_words import (
    RUNNER_LABELS,
    count,
    counts,
    figure,
    speedup_text,
    time_shares,
    unknown_words,
    way_times,
)
from edgeattn.report.table.checks import checks_table, edge_cases_parts, planted_parts
from edgeattn.report.table.layout import colored, pairs
from edgeattn.report.table.machines import machine_line, prices_parts
from edgeattn.results.graph import Refusal
from edgeattn.results.latency import FLOAT, INT8, PYTORCH, Race
from edgeattn.results.report import Report
from edgeattn.results.trial import recipe_words


def comparison(report: Report) -> Table:
    """Lay out the three side by side."""
    accuracy = report.accuracy
    table = _figures((report.original, FLOAT, INT8))
    table.add_row("Size, MB", *(figure(report.size_mb[name]) for name in RUNNER_LABELS))
    if report.memory_mb is not None:
        table.add_row("Memory, MB", "", "", figure(report.memory_mb))
    original_cell = () if report.latency_ms is None or PYTORCH in report.latency_ms.latencies else ("",)
    for label, *figures in () if report.latency_ms is None else _latency_rows(report.latency_ms):
        table.add_row(label, *original_cell, *figures)
    for way in report.other_ways:
        for label, words in way_times(way).items():
            table.add_row(f"  {label}", "", "", words)
    for label, *cells in accuracy_rows(report):
        table.add_row(label, "", *cells)
    if accuracy.metric_pytorch is not None and accuracy.metric_int8 is not None:
        table.add_row(
            "Metric of the model", f"{accuracy.metric_pytorch:.4f}", "", f"{accuracy.metric_int8:.4f}"
        )
    return table


def conditions_line(race: Race) -> Text:
    """Say under what the latencies were measured."""
    conditions = race.conditions
    shape = ", ".join(f"{symbol} {size}" for symbol, size in conditions.shape.items())
    sizes = f"; {'median ' if conditions.samples > 1 else ''}{shape}" if shape else ""
    calls = f"{count(conditions.rounds, 'call')} on {count(conditions.samples, 'sample')}"
    return Text(f"Latency of {calls}, {count(conditions.threads, 'thread')}{sizes}", style="dim")


def _latency_rows(race: Race) -> Iterable[tuple[str, ...]]:
    for label, name in (("Latency, ms, p50", "p50"), ("  p90", "p90"), ("  p99", "p99")):
        yield label, *(figure(getattr(latency, name)) for latency in race.latencies.values())
    if PYTORCH in race.latencies:
        yield "  speedup, p50", *(speedup_text(race, name) for name in race.latencies)


def _figures(columns: Iterable[str]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("", no_wrap=True, min_width=23)
    for name in columns:
        table.add_column(RUNNER_LABELS.get(name, name), justify="right", no_wrap=True, min_width=9)
    return table


def report_parts(report: Report) -> tuple[RenderableType, ...]:
    """Lay out a report: what was done, the three side by side, notes, checks and verdict."""
    return (
        _heading(report),
        _work(report),
        comparison(report),
        *(() if report.latency_ms is None else (conditions_line(report.latency_ms),)),
        machine_line(report.machine, report.device),
        *prices_parts(report.prices),
        *(Text(note) for note in report.notes),
        *edge_cases_parts(report.edge_cases),
        *planted_parts(report.planted),
        checks_table(report.checks),
        verdict_line(report),
    )


def verdict_line(report: Report) -> Text:
    """Say whether every check holds."""
    return Text.assemble("Verdict: ", colored(report.verdict))


def _heading(report: Report) -> Text:
    counts = report.samples
    parts = f"calibrated on {count(counts.calibration, 'sample')}, selected on {counts.selection}"
    words = f" for {report.target}, {parts}, evaluated on {counts.evaluation}{unknown_words(counts)}"
    return Text.assemble((report.title, "bold"), words)


def _work(report: Report) -> Table:
    refused = [f"{r.rule}{_place(r)}: {r.reason}" for r in distinct_refusals(report.refused)]
    rows: dict[str, RenderableType] = {
        "Recipe": recipe_words(report.recipe),
        "Operators": counts(report.operators),
        **({"Time": time_shares(report.operator_times)} if report.operator_times else {}),
        **({} if report.placement is None else {"Placement": placement_words(report.placement)}),
        "Fused": counts(report.fused),
        "Modules": form_words(report.layers),
        **({"Trained grids": grids} if (grids := trained_grid_words(report.layers)) else {}),
    }
    if refused:
        rows["Refused"] = "\n".join(refused)
    return pairs(rows)


def _place(refused: Refusal) -> str:
    return f" at {refused.module or refused.node}" if refused.module or refused.node else ""
