"""The original, the float graph and the bundle side by side: sizes, latencies, cosines."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from edgeattn.measure.latencies import FLOAT, INT8, PYTORCH, Race
from edgeattn.report.number_words import cosine, count, figure
from edgeattn.report.report import Report
from edgeattn.report.speedup import speedup

RUNNERS = {
    PYTORCH: "PyTorch",
    FLOAT: "float",
    INT8: "bundle",
}  # whose form is its target's: seldom int8 alone


def comparison(report: Report) -> Table:
    """Lay out the three side by side."""
    accuracy = report.accuracy
    table = _figures((report.original, FLOAT, INT8))
    table.add_row("Size, MB", *(figure(report.size_mb[name]) for name in RUNNERS))
    if report.memory_mb is not None:
        table.add_row("Memory, MB", "", "", figure(report.memory_mb))
    beside = () if report.latency_ms is None or PYTORCH in report.latency_ms.latencies else ("",)
    for label, *figures in () if report.latency_ms is None else _latency_rows(report.latency_ms):
        table.add_row(label, *beside, *figures)
    table.add_row(f"Cosine to {report.original}, mean", "", "", cosine(accuracy.cosine_mean))
    table.add_row("  worst sample", "", cosine(accuracy.cosine_float_min), cosine(accuracy.cosine_min))
    table.add_row("  largest difference", "", "", f"{accuracy.max_abs:.2g}")
    if accuracy.metric_pytorch is not None and accuracy.metric_int8 is not None:
        table.add_row(
            "Metric of the model", f"{accuracy.metric_pytorch:.4f}", "", f"{accuracy.metric_int8:.4f}"
        )
    return table


def conditions_line(race: Race) -> Text:
    """Say under what the latencies were measured."""
    conditions = race.conditions
    shape = ", ".join(f"{symbol} {size}" for symbol, size in conditions.shape.items())
    which = f"; {'median ' if conditions.samples > 1 else ''}{shape}" if shape else ""
    of = f"{count(conditions.rounds, 'call')} on {count(conditions.samples, 'sample')}"
    return Text(f"Latency of {of}, {count(conditions.threads, 'thread')}{which}", style="dim")


def _latency_rows(race: Race) -> Iterable[tuple[str, ...]]:
    for label, name in (("Latency, ms, p50", "p50"), ("  p90", "p90"), ("  p99", "p99")):
        yield label, *(figure(getattr(latency, name)) for latency in race.latencies.values())
    if PYTORCH in race.latencies:
        yield "  speedup, p50", *(speedup(race, name) for name in race.latencies)


def _figures(columns: Iterable[str]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("", no_wrap=True, min_width=23)
    for name in columns:
        table.add_column(RUNNERS.get(name, name), justify="right", no_wrap=True, min_width=9)
    return table
