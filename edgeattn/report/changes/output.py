"""Changes on a terminal, as Markdown and as data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from rich.console import RenderableType
from rich.text import Text

from edgeattn.report.changes.bundles import Change, Trend
from edgeattn.report.ci.summary import plain, table
from edgeattn.report.table.layout import listing

STYLES: Mapping[Trend, str] = {"better": "green", "worse": "red", "same": "", "not compared": "dim"}
SIGNS: Mapping[Trend, str] = {"better": "✅ better", "worse": "❌ **worse**", "same": "same"}


def changes_parts(title: str, figures: Sequence[Change]) -> tuple[RenderableType, ...]:
    """Lay out what became of each figure."""
    rows = listing("", ">before", ">after", "", "")
    for change in figures:
        word = Text(change.word, style=STYLES[change.word])
        rows.add_row(change.name, change.before, change.after, word, Text(change.why, style="dim"))
    return Text(title, style="bold"), rows


def changes_summary(title: str, figures: Sequence[Change]) -> str:
    """Return the same as Markdown."""
    rows = (
        (plain(it.name), plain(it.before), plain(it.after), SIGNS.get(it.word, it.word), plain(it.why))
        for it in figures
    )
    return "\n".join((f"### {plain(title)}", "", *table(("", ">before", ">after", "", ""), rows))) + "\n"


def changes_json(figures: Mapping[str, Sequence[Change]]) -> str:
    """Return what ``--json`` prints: changes by target."""
    table = {target: [asdict(change) for change in each] for target, each in figures.items()}
    return json.dumps(table, indent=2, ensure_ascii=False) + "\n"
