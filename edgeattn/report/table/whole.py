"""A whole report, part by part."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from edgeattn.judge.recipe_words import recipe_words
from edgeattn.report.form_words import form_words
from edgeattn.report.number_words import count, counts, time_shares
from edgeattn.report.placement_words import placement_words
from edgeattn.report.refusals import folded
from edgeattn.report.report import Refusal, Report
from edgeattn.report.table.checks import checks_table, edge_cases_parts
from edgeattn.report.table.figures import comparison, conditions_line
from edgeattn.report.table.layout import colored, pairs
from edgeattn.report.table.machines import machine_line, prices_parts


def report_parts(report: Report) -> tuple[RenderableType, ...]:
    """Lay out a whole report: what was done, the three side by side, notes, checks and verdict."""
    return (
        _heading(report),
        _work(report),
        comparison(report),
        *(() if report.latency_ms is None else (conditions_line(report.latency_ms),)),
        machine_line(report.machine, report.device),
        *prices_parts(report.prices),
        *(Text(note) for note in report.notes),
        *edge_cases_parts(report.edge_cases),
        checks_table(report.checks),
        verdict_line(report),
    )


def verdict_line(report: Report) -> Text:
    """Say whether every check holds."""
    return Text.assemble("Verdict: ", colored(report.verdict))


def _heading(report: Report) -> Text:
    counts = report.samples
    parts = f"calibrated on {count(counts.calibration, 'sample')}, selected on {counts.selection}"
    return Text.assemble(
        (report.model, "bold"), f" for {report.target}, {parts}, evaluated on {counts.evaluation}"
    )


def _work(report: Report) -> Table:
    refused = [f"{r.rule}{_place(r)}: {r.reason}" for r in folded(report.refused)]
    rows: dict[str, RenderableType] = {
        "Recipe": recipe_words(report.recipe),
        "Operators": counts(report.operators),
        **({"Time": time_shares(report.operator_times)} if report.operator_times else {}),
        **({} if report.placement is None else {"Placement": placement_words(report.placement)}),
        "Fused": counts(report.fused),
        "Modules": form_words(report.layers),
    }
    if refused:
        rows["Refused"] = "\n".join(refused)
    return pairs(rows)


def _place(refused: Refusal) -> str:
    return f" at {refused.module or refused.node}" if refused.module or refused.node else ""
