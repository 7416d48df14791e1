"""Views laid out as HTML: one report, or several side by side, section by section."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from edgeattn.report.graph_words import module_name
from edgeattn.report.number_words import (
    counts,
    error,
    figure,
    limit_text,
    measured_text,
    percent,
    r2,
    time_shares,
    unknown_words,
)
from edgeattn.report.page.view import View
from edgeattn.report.verdict_words import CONFIDENCE_HEADING, confidence_text
from edgeattn.results.trial import recipe_words


@dataclass(frozen=True, slots=True)
class _Section:
    """A section of the page.

    Attributes:
        title: Its heading.
        file: Its template's name, without the suffix.
        needs: What of a view it shows; a view that has none of it is left out. Empty shows it always.
    """

    title: str
    file: str
    needs: str = ""

    def views(self, views: Sequence[View]) -> list[View]:
        """Return the views that it has something to show of."""
        return [view for view in views if not self.needs or getattr(view, self.needs)]


_SECTIONS = (
    _Section("A sample, and what both make of it", "sample", "sample"),
    _Section("Checks", "checks"),
    _Section("Notes", "notes", "notes"),
    _Section("The worst samples", "worst", "worst"),
    _Section("Latency", "latency", "speed"),
    _Section("On each device", "prices", "prices"),
    _Section("Size", "size"),
    _Section("Accuracy", "accuracy"),
    _Section("What this proof sees", "planted", "planted"),
    _Section("Where the loss comes from", "losses", "losses"),
    _Section("Heads", "heads", "heads"),
    _Section("Layers", "layers", "groups"),
    _Section("Edge cases", "edge_cases", "edge_cases"),
    _Section("Placement", "placement", "placement"),
    _Section("Tried recipes", "tried", "picture"),
    _Section("Graph", "graph"),
    _Section("Machine", "machine"),
    _Section("Devices", "devices", "devices"),
    _Section("Browsers", "browsers", "browsers"),
    _Section("Provenance", "provenance"),
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
    environment.filters |= {
        "figure": figure,
        "r2": r2,
        "error": error,
        "limit_text": limit_text,
        "measured_text": measured_text,
        "confidence_text": confidence_text,
        "counts": counts,
        "percent": percent,
        "time_shares": time_shares,
        "recipe": recipe_words,
        "unknown_tokens": unknown_words,
        "module_name": module_name,
    }
    return environment.get_template("report.html").render(
        views=views,
        sections=[section for section in _SECTIONS if section.views(views)],
        confident=CONFIDENCE_HEADING,
    )
