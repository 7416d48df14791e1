"""The report as a person reads it on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from keyword import iskeyword
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from edgeattn.judge.budget import Check
from edgeattn.judge.limits import limit_of
from edgeattn.judge.recipe_words import recipe_words
from edgeattn.measure.latencies import FLOAT, INT8, PYTORCH, Race
from edgeattn.report.devices import Device
from edgeattn.report.form_words import form_words
from edgeattn.report.report import Layer, Refusal, Report
from edgeattn_runtime.bench import Benchmark
from edgeattn_runtime.golden import GoldenResult
from edgeattn_runtime.machine import Machine
from edgeattn_runtime.manifest import Generation, Graph

if TYPE_CHECKING:
    from edgeattn.report.example import Example  # brings PyTorch

RUNNERS = {PYTORCH: "PyTorch", FLOAT: "float", INT8: "int8"}

LEAST_SHARE = 0.01  # of the time, that is shown

_INDENT = (0, 0, 0, 2)  # rich's order: top, right, bottom, left
_CODE_WIDTH = 72  # what 80 columns leave


def show(parts: Iterable[RenderableType], *, width: int | None = None) -> None:
    """Print parts to stdout, a blank line around each.

    Args:
        parts: What to print; brackets in it are dims, not markup.
        width: In columns; None takes the terminal's.
    """
    console = Console(width=width, highlight=False, markup=False, emoji=False)
    for part in parts:
        console.print()
        console.print(Padding(part, _INDENT, expand=False))
    console.print()


def report_parts(report: Report) -> tuple[RenderableType, ...]:
    """Lay out a whole report: what was done, the three side by side, notes, checks and verdict."""
    return (
        _heading(report),
        _work(report),
        _comparison(report),
        conditions_line(report.latency_ms),
        machine_line(report.machine),
        *(Text(note) for note in report.notes),
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
        table.add_row(str(result.sample), name, _cosine(result.cosine), difference, _word(result.ok))
    return table


def checks_table(checks: Iterable[Check]) -> Table:
    """Lay out what was measured against what was asked."""
    table = _listing("Budget", ">measured", "asked", "")
    for check in checks:
        table.add_row(check.name, measured(check), asked(check), _word(check.ok))
    return table


def layers_table(layers: Iterable[Layer]) -> Table:
    """Lay out the form of each layer, and the cosine that its output kept."""
    table = _listing("Layer", "form", ">cosine")
    for layer in layers:
        cosine = "" if layer.cosine is None else _cosine(layer.cosine)
        table.add_row(layer.module or "(the model)", layer.form, cosine)
    return table


def device_parts(result: Benchmark) -> tuple[RenderableType, ...]:
    """Lay out what a device measured on the golden samples."""
    device = Device.of(result)
    memory = "" if device.memory_mb is None else f", peak memory {figure(device.memory_mb)} MB"
    table = _listing("p50, ms", *(f">{_count(threads, 'thread')}" for threads in device.threads))
    for sizes, times in device.p50:
        table.add_row(sizes, *map(figure, times))
    facts = f"lowest cosine {_cosine(device.cosine)}, loaded in {figure(device.load_ms)} ms{memory}: "
    return Text.assemble(
        f"Golden samples on {device.name}, for {device.target}: {facts}", _word(device.ok)
    ), table


def verdict_line(report: Report) -> Text:
    """Say whether every check holds."""
    return Text.assemble("Verdict: ", _word(report.verdict == "pass"))


def conditions_line(race: Race) -> Text:
    """Say under what the latencies were measured."""
    conditions = race.conditions
    shape = ", ".join(f"{symbol} {size}" for symbol, size in conditions.shape.items())
    which = f"; {'median ' if conditions.samples > 1 else ''}{shape}" if shape else ""
    of = f"{_count(conditions.rounds, 'call')} on {_count(conditions.samples, 'sample')}"
    return Text(f"Latency of {of}, {_count(conditions.threads, 'thread')}{which}", style="dim")


def machine_line(machine: Machine) -> Text:
    """Say where the latencies were measured."""
    return Text(f"Measured on {machine}, onnxruntime {machine.versions['onnxruntime']}", style="dim")


def differing_machines(before: Machine, now: Machine) -> tuple[Text, ...]:
    """Say that a bundle was measured on another machine, where it was: latencies do not compare."""
    if (before.cpu, before.instruction_sets, before.cores) == (now.cpu, now.instruction_sets, now.cores):
        return ()
    return (Text(f"Measured on another machine: {before}. Latencies do not compare."),)


def example_parts(example: Example | None) -> tuple[RenderableType, ...]:
    """Show what either made of one real sample, where the model's file says how to show it."""
    return (pairs({"PyTorch says": example.pytorch, "The bundle says": example.bundle}),) if example else ()


def loading_parts(
    bundle: Path, graph: Graph, generation: Generation | None = None
) -> tuple[RenderableType, ...]:
    """Say where the bundle is and how an app loads it."""
    call = _calling(bundle, graph) if generation is None else _generating(bundle, generation)
    return (
        Text(f"{bundle} is the bundle; an app runs it without PyTorch:"),
        Padding(Text(f"import edgeattn_runtime\n\n{call}", style="cyan"), _INDENT, expand=False),
    )


def _calling(bundle: Path, graph: Graph) -> str:
    arguments = _arguments([tensor.name for tensor in graph.inputs])
    output = graph.outputs[0].name
    call = f'out = net({arguments})["{output}"]'
    if len(call) > _CODE_WIDTH:
        call = f'out = net(\n    {arguments}\n)["{output}"]'
    return f'net = edgeattn_runtime.load("{bundle.as_posix()}")\n{call}'


def _arguments(names: Sequence[str]) -> str:
    if all(name.isidentifier() and not iskeyword(name) for name in names):
        return ", ".join(f"{name}=..." for name in names)
    entries = ", ".join(f'"{name}": ...' for name in names)  # no keywords, such as "maps.0"
    return f"**{{{entries}}}"


def _generating(bundle: Path, generation: Generation) -> str:
    sources = ", ".join(f'"{name}": ...' for name in generation.sources)
    begin = f"{{{sources}}}, start=[...]" if sources else "prompt"
    return (
        f'tokens = edgeattn_runtime.generate("{bundle.as_posix()}", {begin})\n'
        "for token in tokens:  # as they come\n    ..."
    )


def pairs(rows: Mapping[str, RenderableType]) -> Table:
    """Lay out words and what they stand for, in two columns."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for word, meaning in rows.items():
        table.add_row(word, meaning)
    return table


def counts(numbers: Mapping[str, object]) -> str:
    """Write counts, or versions, as "Attention 6, Add 20"."""
    return ", ".join(f"{name} {number}" for name, number in numbers.items()) or "none"


def time_shares(shares: Mapping[str, float]) -> str:
    """Write shares of the time as "Conv 41 %, Attention 12 %"; those below a hundredth are one at the end."""
    shown = {name: share for name, share in shares.items() if share >= LEAST_SHARE}
    rest = sum(shares.values()) - sum(shown.values())
    named = [*shown.items(), *([("others", rest)] if rest >= LEAST_SHARE else [])]
    return ", ".join(f"{name} {100 * share:.0f} %" for name, share in named)


def megabytes(sizes: Mapping[str, float]) -> str:
    """Write sizes as "int8 22.1 MB, float32 0.83 MB"."""
    written = (
        f"{name} {figure(size)} MB" if size >= 0.001 else f"{name} below 1 kB" for name, size in sizes.items()
    )
    return ", ".join(written) or "none"


def figure(value: float) -> str:
    """Write a number with about three digits that count: 1284, 39.2, 1.24, 0.083."""
    decimals = next((d for least, d in ((100, 0), (10, 1), (1, 2)) if abs(value) >= least), 3)
    return f"{value:.{decimals}f}"


def _heading(report: Report) -> Text:
    counts = report.samples
    parts = f"calibrated on {_count(counts.calibration, 'sample')}, selected on {counts.selection}"
    return Text.assemble(
        (report.model, "bold"), f" for {report.target}, {parts}, evaluated on {counts.evaluation}"
    )


def _work(report: Report) -> Table:
    refused = [f"{r.rule}{_place(r)}: {r.reason}" for r in folded(report.refused)]
    rows: dict[str, RenderableType] = {
        "Recipe": recipe_words(report.recipe),
        "Operators": counts(report.operators),
        **({"Time": time_shares(report.operator_times)} if report.operator_times else {}),
        "Fused": counts(report.fused),
        "Modules": form_words(report.layers),
    }
    if refused:
        rows["Refused"] = "\n".join(refused)
    return pairs(rows)


def folded(refused: Iterable[Refusal]) -> list[Refusal]:
    """Tell what was refused at several places for one reason once, at the first of them."""
    places: dict[tuple[str, str], list[Refusal]] = {}
    for place in refused:
        places.setdefault((place.rule, place.reason), []).append(place)
    return [_counted(first, len(others)) for first, *others in places.values()]


def _counted(first: Refusal, others: int) -> Refusal:
    places = "1 more place" if others == 1 else f"{others} more places"
    return replace(first, reason=f"{first.reason} (and at {places})") if others else first


def _place(refused: Refusal) -> str:
    return f" at {refused.module or refused.node}" if refused.module or refused.node else ""


def _comparison(report: Report) -> Table:
    accuracy = report.accuracy
    table = _figures((report.original, FLOAT, INT8))
    table.add_row("Size, MB", *(figure(report.size_mb[name]) for name in RUNNERS))
    if report.memory_mb is not None:
        table.add_row("Memory, MB", "", "", figure(report.memory_mb))
    for row in _latency_rows(report.latency_ms):
        table.add_row(*row)
    table.add_row(f"Cosine to {report.original}, mean", "", "", _cosine(accuracy.cosine_mean))
    table.add_row("  worst sample", "", _cosine(accuracy.cosine_float_min), _cosine(accuracy.cosine_min))
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


def asked(check: Check) -> str:
    """Write a check's limit as "at least 0.99" or "at most 24 MB"."""
    return limit_of(check.name).asked(check.limit)


def measured(check: Check) -> str:
    """Write what a check found, in as few digits as show that it is, or is not, what was asked."""
    return limit_of(check.name).written(check.measured, check.limit)


def _word(ok: bool) -> Text:
    return Text("pass", style="green") if ok else Text("fail", style="red")


def _cosine(value: float) -> str:
    return f"{value:.5f}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
