"""Where the loss comes from, as a person reads it on a terminal, and as data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from rich.console import RenderableType
from rich.text import Text

from edgeattn.report.graph_words import module_name
from edgeattn.report.number_words import LEAST_ERROR, count, percent
from edgeattn.report.table.layout import listing
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
    table = listing("Module", ">introduced", ">accumulated", ">float", "worst samples", whole_numbers=True)
    table.columns[0].overflow = "fold"  # a path is not cut
    for error in trace.modules[:SHOWN_MODULES]:
        table.add_row(*_row(error))
    left = len(trace.modules) - SHOWN_MODULES
    return (
        Text.assemble((name, "bold"), f" for {traced.target}, traced on {count(trace.inputs, 'input')}"),
        *map(_fault_line, (error for error in trace.modules if error.faults)),
        table,
        *((Text(f"and {count(left, 'module')} with less", style="dim"),) if left > 0 else ()),
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


def _row(error: ModuleError) -> Iterator[str]:
    int8, floats = error.in_int8, error.in_float
    yield f"{module_name(error.module)}{' (in one with the next)' if error.merged else ''}"
    yield "" if int8 is None else percent(int8.introduced)
    yield "" if int8 is None else percent(int8.accumulated)
    yield percent(floats.introduced)
    yield _worst(floats if int8 is None or "float" in error.faults else int8)


def _worst(departure: Departure) -> str:
    return ", ".join(it.sample for it in departure.worst[:SHOWN_SAMPLES] if it.introduced >= LEAST_ERROR)
