"""What the page shows of one report, where that is more than what the report itself holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgeattn.report.accuracy_words import accuracy_rows
from edgeattn.report.number_words import figure, percent, r2
from edgeattn.report.page.layers import Group, groups
from edgeattn.report.page.speed import Speed
from edgeattn.results.latency import INT8, PYTORCH
from edgeattn.results.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One report, to be shown.

    Attributes:
        report: What is shown.
        drawn: The SVG of what was tried, to be set in; None where there is none.
        facts: What the bundle was made of and with, by words for each.
        label: Its name among several reports; empty for a single one.
        example: The SVG of a sample and what both made of it; None where there is none.
    """

    report: Report
    drawn: bytes | None
    facts: Mapping[str, str]
    label: str = ""
    example: bytes | None = None

    @property
    def title(self) -> str:
        """The subject of the report, with its label where there are others."""
        return ", ".join(filter(None, (f"{self.report.model} for {self.report.target}", self.label)))

    @property
    def highlights(self) -> Mapping[str, str]:
        """The three figures that count, and what each of them is."""
        report = self.report
        size = report.size_mb
        return {
            **({} if self.speed is None else self.speed.highlight),
            f"{figure(size[INT8])} MB": f"of {figure(size[PYTORCH])} MB",
            r2(report.accuracy.worst_output.r2): f"R² to {report.original}",
        }

    @property
    def speed(self) -> Speed | None:
        """How fast each runner is; None where nothing was timed."""
        race, ways = self.report.latency_ms, self.report.other_ways
        others = {way.name: way.latency_ms for way in ways if way.latency_ms is not None}
        return None if race is None else Speed(race, self.report.original, others)

    @property
    def accuracy(self) -> Mapping[str, str]:
        """How right the bundle is."""
        accuracy, report = self.report.accuracy, self.report
        rows: dict[str, str] = {}
        heading = ""
        for label, of_float, of_bundle in accuracy_rows(report):
            is_second = label.startswith(" ")
            heading = heading if is_second else label
            topic = f"{heading}, {label.strip()}" if is_second else label
            rows[topic] = of_bundle
            if of_float:
                rows[f"{topic}, float export"] = of_float
        for it in report.attention_maps:
            rows[f"Attention map {it.output}, total variation, mean"] = percent(it.distance_mean)
            rows[f"Attention map {it.output}, total variation, worst sample"] = percent(it.distance_max)
        if accuracy.metric_pytorch is not None and accuracy.metric_int8 is not None:
            rows[f"Metric of the model, {report.original}"] = f"{accuracy.metric_pytorch:.4f}"
            rows["Metric of the model, bundle"] = f"{accuracy.metric_int8:.4f}"
        return rows

    @property
    def groups(self) -> Sequence[Group]:
        """The graph by layers, in the order in which they run."""
        return groups(self.report)
