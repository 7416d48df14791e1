"""report.html: the report as one page that needs nothing but itself, to be attached and read anywhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from edgeattn.judge.edge_cases.edge_case import EdgeCase
from edgeattn.judge.limits import limit_of
from edgeattn.judge.recipe_words import recipe_words
from edgeattn.measure.latencies import FLOAT, INT8, PYTORCH
from edgeattn.report.devices import Device
from edgeattn.report.form_words import form_words
from edgeattn.report.number_words import asked, cosine, counts, figure, measured, time_shares
from edgeattn.report.placement_words import placement_words
from edgeattn.report.refusals import folded
from edgeattn.report.report import Layer, Report
from edgeattn.report.table import RUNNERS, conditions_line
from edgeattn.report.verdict_words import SHOWN, edge_cases_line, shown
from edgeattn_runtime.machine import Machine

_TEMPLATE = "report.html"


@dataclass(frozen=True, slots=True)
class Bar:
    """Numbers of one runner, and how long each is drawn, in percent of the longest of all."""

    label: str
    numbers: tuple[float, ...]
    widths: tuple[float, ...]


def page(
    report: Report, *, picture: bytes | None, facts: Mapping[str, str], example: bytes | None = None
) -> str:
    """Lay a report out as HTML: no script, nothing fetched, light or dark as the reader has it.

    Args:
        report: All that is told.
        picture: The SVG of what was tried, to be set in; None where there is none.
        facts: What the bundle was made of and with, by words for each.
        example: The SVG of a sample and what both made of it; None where there is none.
    """
    environment = Environment(
        loader=PackageLoader("edgeattn.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "figure": figure,
        "cosine": cosine,
        "asked": asked,
        "measured": measured,
        "shown": shown,
        "counts": counts,
        "time_shares": time_shares,
        "recipe": recipe_words,
    }
    return environment.get_template(_TEMPLATE).render(
        report=report,
        refused=folded(report.refused),
        meanings={check.name: limit_of(check.name).meaning for check in report.checks},
        shown_at=SHOWN,
        edge_cases=sorted(report.edge_cases, key=_failed_first),
        edge_cases_line=edge_cases_line(report.edge_cases),
        highlights=_highlights(report),
        conditions=None if report.latency_ms is None else conditions_line(report.latency_ms).plain,
        machine=machine_facts(report.machine),
        latencies=_latencies(report),
        sizes=_sizes(report),
        accuracy=_accuracy(report),
        forms=form_words(report.layers),
        placement=None if report.placement is None else placement_words(report.placement).splitlines(),
        layers=sorted(report.layers, key=_worst_first),
        kept=[line for line in report.trials if line.recipe],
        picture=None if picture is None else inline(picture),
        example=None if example is None else inline(example),
        facts=facts,
        devices=tuple(map(Device.of, report.devices)),
    )


def machine_facts(machine: Machine) -> dict[str, str]:
    """Return what there is to know of a machine, by words for each."""
    return {
        "Processor": machine.cpu,
        "Instruction sets": ", ".join(machine.instruction_sets) or "none of those that int8 kernels use",
        "Cores": str(machine.cores),
        "Memory": "unknown" if machine.memory_mb is None else f"{machine.memory_mb / 1000:.0f} GB",
        "System": machine.system,
        "Versions": counts(machine.versions),
    }


def _highlights(report: Report) -> dict[str, str]:
    """Return the three figures that count, and what each of them is."""
    size = report.size_mb
    return {
        **_speedup(report),
        f"{figure(size[INT8])} MB": f"of {figure(size[PYTORCH])} MB",
        cosine(report.accuracy.cosine_min): "cosine of the worst sample",
    }


def _speedup(report: Report) -> dict[str, str]:
    """Return how much faster int8 is than the original; than the float export on a device without PyTorch."""
    latency = report.latency_ms
    if latency is None:
        return {}
    name, words = (PYTORCH, report.original) if PYTORCH in latency.latencies else (FLOAT, "float")
    return {f"{figure(latency[name].p50 / latency[INT8].p50)}x": f"speedup over {words}, p50"}


def _latencies(report: Report) -> list[Bar]:
    if report.latency_ms is None:
        return []
    numbers = {name: (it.p50, it.p90, it.p99) for name, it in report.latency_ms.latencies.items()}
    return _bars(numbers, report.original)


def _sizes(report: Report) -> list[Bar]:
    return _bars({name: (size,) for name, size in report.size_mb.items()}, report.original)


def _bars(numbers: Mapping[str, tuple[float, ...]], original: str) -> list[Bar]:
    longest = max(max(values) for values in numbers.values())
    labels = RUNNERS | {PYTORCH: original}
    return [
        Bar(labels.get(name, name), values, tuple(round(100 * value / longest, 2) for value in values))
        for name, values in numbers.items()
    ]


def _accuracy(report: Report) -> dict[str, str]:
    accuracy = report.accuracy
    rows = {
        f"Cosine to {report.original}, mean over {report.samples.evaluation} samples": cosine(
            accuracy.cosine_mean
        ),
        "Cosine of the worst sample": cosine(accuracy.cosine_min),
        "The float export's, worst sample": cosine(accuracy.cosine_float_min),
        "Largest difference of any number": f"{accuracy.max_abs:.2g}",
    }
    if accuracy.metric_pytorch is not None and accuracy.metric_int8 is not None:
        rows[f"Metric of the model, {report.original}"] = f"{accuracy.metric_pytorch:.4f}"
        rows["Metric of the model, bundle"] = f"{accuracy.metric_int8:.4f}"
    return rows


def _worst_first(layer: Layer) -> tuple[bool, float]:
    return layer.cosine is None, layer.cosine or 0.0


def _failed_first(case: EdgeCase) -> tuple[bool, bool, float]:
    return case.ok, case.cosine is None, case.cosine or 0.0


def inline(picture: bytes) -> str:
    """Return the svg element alone: its prolog and namespaces are for files, and HTML knows them."""
    text = picture.decode()
    element = text[text.index("<svg") :]
    return re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", element)
