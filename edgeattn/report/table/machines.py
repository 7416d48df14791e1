"""Where something was measured, and what devices measured."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from edgeattn.report.devices import Device
from edgeattn.report.number_words import count, error, figure
from edgeattn.report.table.layout import listing, passed
from edgeattn.results.latency import Price
from edgeattn.results.trial import recipe_words
from edgeattn_runtime.timing.benchmark import DeviceBenchmark
from edgeattn_runtime.timing.machine import Machine


def machine_line(machine: Machine, device: str | None = None) -> Text:
    """Say where the latencies were measured, on a device by its name, and how its kernels multiplied."""
    name = "" if device is None else f"{device}: "
    line = f"Measured on {name}{machine}, onnxruntime {machine.versions['onnxruntime']}"
    return Text("\n".join([line, *machine.kernel_choices]), style="dim")


def prices_parts(prices: Sequence[Price]) -> tuple[RenderableType, ...]:
    """Lay out what each device's recipe costs on every device."""
    if not prices:
        return ()
    devices = {price.device: price.threads for price in prices}
    table = listing("p50, ms", "recipe", *(f">{name}, {count(it, 'thread')}" for name, it in devices.items()))
    for target in dict.fromkeys(price.target for price in prices):
        its = [price for price in prices if price.target == target]
        table.add_row(target, recipe_words(its[0].recipe), *(figure(price.latency_ms) for price in its))
    return (table,)


def differing_machines(before: Machine, now: Machine) -> tuple[Text, ...]:
    """Say that a bundle was measured on another machine, where it was: latencies do not compare."""
    if (before.cpu, before.instruction_sets, before.cores) == (now.cpu, now.instruction_sets, now.cores):
        return ()
    return (Text(f"Measured on another machine: {before}. Latencies do not compare."),)


def device_parts(result: DeviceBenchmark, name: str | None = None) -> tuple[RenderableType, ...]:
    """Lay out what a device, perhaps of a name, measured on the golden samples."""
    device = Device.of(result)
    memory = "" if device.memory_mb is None else f", peak memory {figure(device.memory_mb)} MB"
    table = listing("p50, ms", *(f">{count(threads, 'thread')}" for threads in device.threads))
    for sizes, times in device.p50:
        table.add_row(sizes, *map(figure, times))
    facts = f"largest error {error(device.error)}, loaded in {figure(device.load_ms)} ms{memory}: "
    machine = device.name if name is None else f"{name}: {device.name}"
    return Text.assemble(
        f"Golden samples on {machine}, for {device.target}: {facts}", passed(ok=device.ok)
    ), table
