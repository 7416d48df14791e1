"""Where something was measured, and what devices measured."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from edgeattn.report.devices import Device
from edgeattn.report.number_words import cosine, count, figure
from edgeattn.report.table.layout import listing, passed
from edgeattn_runtime.bench import Benchmark
from edgeattn_runtime.machine import Machine


def machine_line(machine: Machine) -> Text:
    """Say where the latencies were measured."""
    return Text(f"Measured on {machine}, onnxruntime {machine.versions['onnxruntime']}", style="dim")


def differing_machines(before: Machine, now: Machine) -> tuple[Text, ...]:
    """Say that a bundle was measured on another machine, where it was: latencies do not compare."""
    if (before.cpu, before.instruction_sets, before.cores) == (now.cpu, now.instruction_sets, now.cores):
        return ()
    return (Text(f"Measured on another machine: {before}. Latencies do not compare."),)


def device_parts(result: Benchmark) -> tuple[RenderableType, ...]:
    """Lay out what a device measured on the golden samples."""
    device = Device.of(result)
    memory = "" if device.memory_mb is None else f", peak memory {figure(device.memory_mb)} MB"
    table = listing("p50, ms", *(f">{count(threads, 'thread')}" for threads in device.threads))
    for sizes, times in device.p50:
        table.add_row(sizes, *map(figure, times))
    facts = f"lowest cosine {cosine(device.cosine)}, loaded in {figure(device.load_ms)} ms{memory}: "
    return Text.assemble(
        f"Golden samples on {device.name}, for {device.target}: {facts}", passed(ok=device.ok)
    ), table
