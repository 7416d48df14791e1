"""The report as a person reads it on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from edgeattn.judge.check import Check, Verdict
from edgeattn.judge.edge_cases.edge_case import EdgeCase
from edgeattn.judge.recipe_words import recipe_words
from edgeattn.measure.latencies import FLOAT, INT8, PYTORCH, Race
from edgeattn.report.devices import Device
from edgeattn.report.form_words import form_words
from edgeattn.report.number_words import asked, cosine, count, counts, figure, measured, time_shares
from edgeattn.report.placement_words import placement_words
from edgeattn.report.refusals import folded
from edgeattn.report.report import Layer, Refusal, Report
from edgeattn.report.verdict_words import SHOWN, edge_cases_line, shown
from edgeattn_runtime.bench import Benchmark
from edgeattn_runtime.golden import GoldenResult
from edgeattn_runtime.machine import Machine

RUNNERS = {PYTORCH: "PyTorch", FLOAT: "float", INT8: "int8"}

STYLES: Mapping[Verdict, str] = {"pass": "green", "fail": "red", "undecided": "yellow"}

INDENT = (0, 0, 0, 2)  # rich's order: top, right, bottom, left


def show(parts: Iterable[RenderableType], *, width: int | None = None) -> None:
    """Print parts to stdout, a blank line around each.

    Args:
        parts: What to print; brackets in it are dims, not markup.
        width: In columns; None takes the terminal's.
    """
    console = Console(width=width, highlight=False, markup=False, emoji=False)
    for part in parts:
        console.print()
        console.print(Padding(part, INDENT, expand=False))
    console.print()


def report_parts(report: Report) -> tuple[RenderableType, ...]:
    """Lay out a whole report: what was done, the three side by side, notes, checks and verdict."""
    return (
        _heading(report),
        _work(report),
        _comparison(report),
        *(() if report.latency_ms is None else (conditions_line(report.latency_ms),)),
        machine_line(report.machine),
        *(Text(note) for note in report.notes),
        *edge_cases_parts(report.edge_cases),
        checks_table(report.checks),
        verdict_line(report),
    )


def latency_table(race: Race, original: str = RUNNERS[PYTORCH]) -> Table:
    """Lay out the percentiles of each runner, the first of which is an ``original``."""
    table = _figures(original if name == PYTORCH else name for name in race.latencies)
    for row in _latency_rows(race):
        table.add_row(*row)
    return table


def golden_table(results: Iterable[GoldenResult]) -> Table:
    """Lay out how near each output of each golden sample came."""
    table = _listing(">Golden sample", "output", ">cosine", ">largest difference", "")
    for result in results:
        name = result.output
        difference = "none" if result.max_abs is None else f"{result.max_abs:.2g}"
        table.add_row(str(result.sample), name, cosine(result.cosine), difference, _word(result.ok))
    return table


def checks_table(checks: Iterable[Check]) -> Table:
    """Lay out what was measured against what was asked."""
    table = _listing("Budget", ">measured", f">{SHOWN}", "asked", "")
    for check in checks:
        table.add_row(check.name, measured(check), shown(check), asked(check), _colored(check.verdict))
    return table


def edge_cases_parts(cases: Sequence[EdgeCase]) -> tuple[RenderableType, ...]:
    """Lay out what users meet besides the samples: how many cases are right, and each that is not."""
    if not cases:
        return ()
    line = Text(edge_cases_line(cases))
    told = [case for case in cases if case.told is not None]
    if not told:
        return (line,)
    table = _listing("Edge case", "", "")
    for case in sorted(told, key=lambda case: case.ok):
        word = Text("not compared", style="dim") if case.ok else _word(ok=False)
        table.add_row(case.name, word, case.told)
    return line, table


def layers_table(layers: Iterable[Layer]) -> Table:
    """Lay out the form of each layer, and the cosine that its output kept."""
    table = _listing("Layer", "form", ">cosine")
    for layer in layers:
        kept = "" if layer.cosine is None else cosine(layer.cosine)
        table.add_row(layer.module or "(the model)", layer.form, kept)
    return table


def device_parts(result: Benchmark) -> tuple[RenderableType, ...]:
    """Lay out what a device measured on the golden samples."""
    device = Device.of(result)
    memory = "" if device.memory_mb is None else f", peak memory {figure(device.memory_mb)} MB"
    table = _listing("p50, ms", *(f">{count(threads, 'thread')}" for threads in device.threads))
    for sizes, times in device.p50:
        table.add_row(sizes, *map(figure, times))
    facts = f"lowest cosine {cosine(device.cosine)}, loaded in {figure(device.load_ms)} ms{memory}: "
    return Text.assemble(
        f"Golden samples on {device.name}, for {device.target}: {facts}", _word(device.ok)
    ), table


def verdict_line(report: Report) -> Text:
    """Say whether every check holds."""
    return Text.assemble("Verdict: ", _colored(report.verdict))


def conditions_line(race: Race) -> Text:
    """Say under what the latencies were measured."""
    conditions = race.conditions
    shape = ", ".join(f"{symbol} {size}" for symbol, size in conditions.shape.items())
    which = f"; {'median ' if conditions.samples > 1 else ''}{shape}" if shape else ""
    of = f"{count(conditions.rounds, 'call')} on {count(conditions.samples, 'sample')}"
    return Text(f"Latency of {of}, {count(conditions.threads, 'thread')}{which}", style="dim")


def machine_line(machine: Machine) -> Text:
    """Say where the latencies were measured."""
    return Text(f"Measured on {machine}, onnxruntime {machine.versions['onnxruntime']}", style="dim")


def differing_machines(before: Machine, now: Machine) -> tuple[Text, ...]:
    """Say that a bundle was measured on another machine, where it was: latencies do not compare."""
    if (before.cpu, before.instruction_sets, before.cores) == (now.cpu, now.instruction_sets, now.cores):
        return ()
    return (Text(f"Measured on another machine: {before}. Latencies do not compare."),)


def pairs(rows: Mapping[str, RenderableType]) -> Table:
    """Lay out words and what they stand for, in two columns."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for word, meaning in rows.items():
        table.add_row(word, meaning)
    return table


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


def _comparison(report: Report) -> Table:
    accuracy = report.accuracy
    table = _figures((report.original, FLOAT, INT8))
    table.add_row("Size, MB", *(figure(report.size_mb[name]) for name in RUNNERS))
    if report.memory_mb is not None:
        table.add_row("Memory, MB", "", "", figure(report.memory_mb))
    for row in () if report.latency_ms is None else _latency_rows(report.latency_ms):
        table.add_row(*row)
    table.add_row(f"Cosine to {report.original}, mean", "", "", cosine(accuracy.cosine_mean))
    table.add_row("  worst sample", "", cosine(accuracy.cosine_float_min), cosine(accuracy.cosine_min))
    table.add_row("  largest difference", "", "", f"{accuracy.max_abs:.2g}")
    if accuracy.metric_pytorch is not None and accuracy.metric_int8 is not None:
        table.add_row(
            "Metric of the model", f"{accuracy.metric_pytorch:.4f}", "", f"{accuracy.metric_int8:.4f}"
        )
    return table


def _latency_rows(race: Race) -> Iterable[tuple[str, ...]]:
    for label, name in (("Latency, ms, p50", "p50"), ("  p90", "p90"), ("  p99", "p99")):
        yield label, *(figure(getattr(latency, name)) for latency in race.latencies.values())
    if PYTORCH in race.latencies:
        original = race[PYTORCH].p50
        yield "  speedup, p50", *(figure(original / latency.p50) for latency in race.latencies.values())


def _listing(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.removeprefix(">"), justify="right" if column.startswith(">") else "left")
    return table


def _figures(columns: Iterable[str]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("", no_wrap=True, min_width=23)
    for name in columns:
        table.add_column(RUNNERS.get(name, name), justify="right", no_wrap=True, min_width=9)
    return table


def _word(ok: bool) -> Text:
    return _colored("pass" if ok else "fail")


def _colored(verdict: Verdict) -> Text:
    return Text(verdict, style=STYLES[verdict])
