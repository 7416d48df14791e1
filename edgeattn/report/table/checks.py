"""Tables of checks against the budget, edge cases, golden outputs and layers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from edgeattn.report.graph_words import module_name
from edgeattn.report.number_words import error, limit_text, measured_text, r2
from edgeattn.report.table.layout import colored, listing, passed
from edgeattn.report.verdict_words import (
    CONFIDENCE_HEADING,
    PLANTED_HEADINGS,
    confidence_text,
    edge_cases_line,
    planted_rows,
)
from edgeattn.results.check import Check, EdgeCase
from edgeattn.results.graph import Layer
from edgeattn.results.planted_error import PlantedError
from edgeattn_runtime.bundle.golden import GoldenResult


def checks_table(checks: Iterable[Check]) -> Table:
    """Lay out what was measured against each limit."""
    table = listing("Budget", ">measured", f">{CONFIDENCE_HEADING}", "limit", "")
    for check in checks:
        texts = measured_text(check), confidence_text(check), limit_text(check)
        table.add_row(check.name, *texts, colored(check.verdict))
    return table


def edge_cases_parts(cases: Sequence[EdgeCase]) -> tuple[RenderableType, ...]:
    """Lay out what users meet besides the samples: how many cases are right, and each that is not."""
    if not cases:
        return ()
    line = Text(edge_cases_line(cases))
    annotated = [case for case in cases if case.reason is not None]
    if not annotated:
        return (line,)
    table = listing("Edge case", "", "")
    for case in sorted(annotated, key=lambda case: case.ok):
        remark = "not compared" if case.error is None else "a remark"
        word = Text(remark, style="dim") if case.ok else passed(ok=False)
        table.add_row(case.name, word, case.reason)
    return line, table


def planted_parts(planted: Sequence[PlantedError]) -> tuple[RenderableType, ...]:
    """Lay out which wrong answers a proof sees, where it would let a gross one pass."""
    if not any(each.remedy for each in planted):
        return ()
    table = listing(*PLANTED_HEADINGS)
    for row in planted_rows(planted):
        table.add_row(*row)
    return (table,)


def golden_table(results: Iterable[GoldenResult]) -> Table:
    """Lay out how near each output of each golden sample came."""
    table = listing(">Golden sample", "output", ">error", ">largest difference", "")
    for result in results:
        name = result.output
        difference = "none" if result.max_abs is None else f"{result.max_abs:.2g}"
        table.add_row(str(result.sample), name, error(result.error), difference, passed(ok=result.ok))
    return table


def layers_table(layers: Iterable[Layer]) -> Table:
    """Lay out the form of each layer, and the R² of its output."""
    table = listing("Layer", "form", ">R²")
    for layer in layers:
        kept = "" if layer.r2 is None else r2(layer.r2)
        table.add_row(module_name(layer.module), layer.form, kept)
    return table
