"""Where the loss comes from, as a person reads it on a terminal, and as data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from edgeattn.report.graph_words import module_name
from edgeattn.report.number_words import LEAST_ERROR, count, percent
from edgeattn.results.trace import BundleTrace, Departure, ModuleError

SHOWN_MODULES = 20  # in the table; the JSON has them all
SHOWN_SAMPLES = 2  # of a module

_LEGEND = (
    "Relative errors to PyTorch, of all numbers together. Introduced: by the module itself, on what PyTorch "
    "gives it. Accumulated: there, as the graph runs. Float: introduced by the float graph."
)


def trace_parts(name: str, traced: BundleTrace) -> tuple[RenderableType, ...]:
    """Lay out a trace: what is wrong, then the modules, the worst first."""
    trace = traced.trace
    return (
        Text.assemble((name, "bold"), f" for {traced.target}, traced on {count(trace.inputs, 'input')}"),
        *map(_fault_line, (error for error in trace.modules if error.faults)),
        _table(trace.modules[:SHOWN_MODULES]),
        *_modules_left(len(trace.modules) - SHOWN_MODULES),
        Text(_LEGEND, style="dim"),
    )


def trace_json(name: str, traced: BundleTrace, notes: tuple[str, ...]) -> str:
    """Return what ``--json`` prints: every module, the worst first."""
    table = {
        "model": name,
        "target": traced.target,
        "inputs": traced.trace.inputs,
        "notes": notes,
        "modules": [asdict(error) for error in traced.trace.modules],
    }
    return json.dumps(table, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _fault_line(error: ModuleError) -> Text:
    graphs = " and ".join(f"the {graph} graph" for graph in error.faults)
    return Text(
        f"{module_name(error.module)}: {graphs} computes this in float, and not as PyTorch does", "red"
    )


def _table(errors: tuple[ModuleError, ...]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("Module", overflow="fold")
    for column in ("introduced", "accumulated", "float"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("worst samples")
    for error in errors:
        table.add_row(*_row(error))
    return table


def _row(error: ModuleError) -> Iterator[str]:
    int8, floats = error.in_int8, error.in_float
    yield f"{module_name(error.module)}{' (in one with the next)' if error.merged else ''}"
    yield "" if int8 is None else percent(int8.introduced)
    yield "" if int8 is None else percent(int8.accumulated)
    yield percent(floats.introduced)
    yield _worst(floats if int8 is None or "float" in error.faults else int8)


def _worst(departure: Departure) -> str:
    return ", ".join(it.sample for it in departure.worst[:SHOWN_SAMPLES] if it.introduced >= LEAST_ERROR)


def _modules_left(count_left: int) -> tuple[Text, ...]:
    return (Text(f"and {count(count_left, 'module')} with less", style="dim"),) if count_left > 0 else ()
