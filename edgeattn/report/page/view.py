"""What the page shows of one report, in its order and its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgeattn.report.accuracy_words import accuracy_rows
from edgeattn.report.devices import Device, machine_facts
from edgeattn.report.graph_words import distinct_refusals, form_words, placement_words, trained_grid_words
from edgeattn.report.number_words import figure, percent, r2, runner_label
from edgeattn.report.page.drawings import Curves, Dots, curves, dots, image_source
from edgeattn.report.page.layers import Group, SizePart, groups, size_parts
from edgeattn.report.page.speed import Speed
from edgeattn.report.planted_words import planted_rows
from edgeattn.report.verdict_words import edge_cases_line
from edgeattn.results.accuracy import ModuleLoss
from edgeattn.results.attention_heads import AttentionHeads
from edgeattn.results.check import EdgeCase
from edgeattn.results.graph import Refusal
from edgeattn.results.latency import INT8, PYTORCH, Price
from edgeattn.results.limits import limit_of
from edgeattn.results.report import Report
from edgeattn.results.trial import TrialResult


@dataclass(frozen=True, slots=True)
class Bar:
    """A number, and how long it is drawn, in percent of the longest."""

    label: str
    number: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One report, to be shown.

    Attributes:
        report: What is shown.
        drawn: The SVG of what was tried, to be set in; None where there is none.
        facts: What the bundle was made of and with, by words for each.
        label: Its name among the reports beside it; empty where it stands alone.
        example: The SVG of a sample and what both made of it; None where there is none.
    """

    report: Report
    drawn: bytes | None
    facts: Mapping[str, str]
    label: str = ""
    example: bytes | None = None

    @property
    def title(self) -> str:
        """The subject of the report, with its label where others stand beside it."""
        return ", ".join(filter(None, (f"{self.report.model} for {self.report.target}", self.label)))

    @property
    def notes(self) -> Sequence[str]:
        """What the model author should know."""
        return self.report.notes

    @property
    def meanings(self) -> Mapping[str, str]:
        """What each limit limits."""
        return {check.name: limit_of(check.name).meaning for check in self.report.checks}

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
    def prices(self) -> Sequence[Price]:
        """What each device's recipe costs on every device."""
        return self.report.prices

    @property
    def sample(self) -> str | None:
        """The drawing of a sample and what both made of it, as the source of an image."""
        return None if self.example is None else image_source(self.example)

    @property
    def worst(self) -> Sequence[tuple[object, Sequence[tuple[object, Curves | None]]]]:
        """The worst samples, each with its inputs, and these with their curves."""
        return [
            (sample, [(it, curves(it.curves) if it.curves else None) for it in sample.inputs])
            for sample in self.report.worst
        ]

    @property
    def speed(self) -> Speed | None:
        """How fast each runner is; None where nothing was timed."""
        race, ways = self.report.latency_ms, self.report.other_ways
        others = {way.name: way.latency_ms for way in ways if way.latency_ms is not None}
        return None if race is None else Speed(race, self.report.original, others)

    @property
    def sizes(self) -> Sequence[Bar]:
        """Of the original, the float graph and the bundle."""
        sizes = self.report.size_mb
        longest = max(sizes.values())
        return [
            Bar(runner_label(it, self.report.original), size, 100 * size / longest)
            for it, size in sizes.items()
        ]

    @property
    def parts(self) -> Sequence[SizePart]:
        """The bundle's weights by part of the model."""
        return size_parts(self.groups)

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
    def planted(self) -> Sequence[tuple[str, str, str]]:
        """Which wrong answers the limits see."""
        return planted_rows(self.report.planted)

    @property
    def losses(self) -> Sequence[tuple[ModuleLoss, Dots]]:
        """What each module adds to the error, the worst first, and where its dots are drawn."""
        return dots(self.report.losses)

    @property
    def heads(self) -> Sequence[AttentionHeads]:
        """What each head is worth, attention by attention."""
        return self.report.attention_heads

    @property
    def groups(self) -> Sequence[Group]:
        """The graph by layers, in the order in which they run."""
        return groups(self.report)

    @property
    def forms(self) -> str:
        """What became of the modules, counted."""
        return form_words(self.report.layers)

    @property
    def trained_grids(self) -> str:
        """What became of the grids that training left; empty where it left none."""
        return trained_grid_words(self.report.layers).replace("\n", "; ")

    @property
    def edge_cases(self) -> Sequence[EdgeCase]:
        """What users meet besides the samples, the failed first."""
        return sorted(self.report.edge_cases, key=_failed_first)

    @property
    def edge_cases_line(self) -> str:
        """How many of them are right."""
        return edge_cases_line(self.report.edge_cases)

    @property
    def placement(self) -> Sequence[str]:
        """Where the work of the graphs runs, in lines."""
        placement = self.report.placement
        return () if placement is None else placement_words(placement).splitlines()

    @property
    def picture(self) -> str | None:
        """The drawing of what was tried, as the source of an image."""
        return None if self.drawn is None else image_source(self.drawn)

    @property
    def kept_trials(self) -> Sequence[TrialResult]:
        """What was tried, and is worth reaching again."""
        return [trial for trial in self.report.trials if trial.recipe]

    @property
    def refused(self) -> Sequence[Refusal]:
        """Where a rule left its pattern alone."""
        return distinct_refusals(self.report.refused)

    @property
    def machine(self) -> Mapping[str, str]:
        """Where it was measured."""
        return machine_facts(self.report.machine)

    @property
    def devices(self) -> Sequence[Device]:
        """What other machines measured."""
        return tuple(map(Device.of, self.report.devices))

    @property
    def browsers(self) -> Sequence[Device]:
        """What browsers say that they measured."""
        return tuple(map(Device.of, self.report.browsers))


def _failed_first(case: EdgeCase) -> tuple[bool, bool, float]:
    return case.ok, case.error is None, -(case.error or 0.0)
