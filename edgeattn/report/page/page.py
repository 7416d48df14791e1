"""Views laid out as HTML: one report, or several side by side, section by section."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from jinja2 import Environment, PackageLoader, StrictUndefined

from edgeattn.report.devices import Device, machine_facts
from edgeattn.report.graph_words import (
    distinct_refusals,
    form_words,
    module_name,
    placement_words,
    trained_grid_words,
)
from edgeattn.report.number_words import (
    counts,
    error,
    figure,
    limit_text,
    measured_text,
    percent,
    r2,
    runner_label,
    time_shares,
    unknown_words,
)
from edgeattn.report.page.drawings import curves, image_source, share_of_axis
from edgeattn.report.page.layers import size_parts
from edgeattn.report.page.view import View
from edgeattn.report.verdict_words import CONFIDENCE_HEADING, confidence_text, edge_cases_line, planted_rows
from edgeattn.results.check import EdgeCase
from edgeattn.results.limits import limit_of
from edgeattn.results.trial import recipe_words


@dataclass(frozen=True, slots=True)
class _Section:
    """A section of the page.

    Attributes:
        needs: What of a view it shows; a view that has none of it is left out. Empty shows it always.
    """

    title: str
    file: str
    needs: str = ""

    def views(self, views: Sequence[View]) -> list[View]:
        """Return the views that it has something to show of."""
        return [view for view in views if not self.needs or attrgetter(self.needs)(view)]


_SECTIONS = (
    _Section("A sample, and what both make of it", "sample", "example"),
    _Section("Checks", "checks"),
    _Section("Notes", "notes", "report.notes"),
    _Section("The worst samples", "worst", "report.worst"),
    _Section("Latency", "latency", "speed"),
    _Section("On each device", "prices", "report.prices"),
    _Section("Size", "size"),
    _Section("Accuracy", "accuracy"),
    _Section("What this proof sees", "planted", "report.planted"),
    _Section("Where the loss comes from", "losses", "report.losses"),
    _Section("Layers", "layers", "groups"),
    _Section("Edge cases", "edge_cases", "report.edge_cases"),
    _Section("Placement", "placement", "report.placement"),
    _Section("Tried recipes", "tried", "drawn"),
    _Section("Graph", "graph"),
    _Section("Machine", "machine"),
    _Section("Devices", "devices", "report.devices"),
    _Section("Browsers", "browsers", "report.browsers"),
    _Section("Provenance", "provenance"),
)


def failed_first(cases: Iterable[EdgeCase]) -> list[EdgeCase]:
    """Return what failed, then what was compared, then all else, the largest errors first."""
    return sorted(cases, key=lambda case: (case.ok, case.error is None, -(case.error or 0.0)))


_FILTERS = (
    *(figure, r2, error, percent, counts, time_shares, limit_of, limit_text, measured_text, confidence_text),
    *(module_name, form_words, trained_grid_words, distinct_refusals, placement_words, size_parts),
    *(recipe_words, unknown_words, runner_label, planted_rows, edge_cases_line, failed_first, machine_facts),
    *(curves, image_source, share_of_axis),
)


def page(*views: View) -> str:
    """Lay out a view, or several side by side: no script, nothing fetched, light or dark."""
    environment = Environment(
        loader=PackageLoader("edgeattn.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"device": Device.of, **{function.__name__: function for function in _FILTERS}}
    return environment.get_template("report.html").render(
        views=views,
        sections=[section for section in _SECTIONS if section.views(views)],
        confident=CONFIDENCE_HEADING,
    )
