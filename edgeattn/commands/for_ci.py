"""--summary and --junit: files that a command writes for continuous integration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from edgeattn.report.ci import Finding, findings, junit, summary
from edgeattn.results.report import Report
from edgeattn_runtime.bundle.manifest import Manifest
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.timing.machine import Machine

Summary = Annotated[
    Path | None,
    typer.Option(metavar="FILE.md", help="Write a Markdown summary, as for a pull request."),
]
JUnit = Annotated[
    Path | None,
    typer.Option(metavar="FILE.xml", help="Write JUnit XML: each check, edge case and promise a test."),
]


@dataclass(frozen=True, slots=True)
class ForCI:
    """Where to write what; None writes nothing.

    Attributes:
        summary: Markdown.
        junit: JUnit XML.
    """

    summary: Path | None
    junit: Path | None

    def __post_init__(self) -> None:
        check_place("--summary", self.summary)
        check_place("--junit", self.junit)

    def write(self, reports: Mapping[str, Report], manifest: Manifest) -> None:
        """Write what there is to say of a bundle, by target."""
        suites = {f"{manifest.name} for {it.target}": findings(it, manifest) for it in reports.values()}
        self.write_junit(suites, next(iter(reports.values())).machine)
        self.write_summary("\n".join(map(summary, reports.values())))

    def write_junit(self, suites: Mapping[str, Sequence[Finding]], machine: Machine) -> None:
        """Write findings, by suite."""
        if self.junit is not None:
            self.junit.write_bytes(junit(suites, {"machine": str(machine)}))

    def write_summary(self, text: str) -> None:
        """Write Markdown."""
        if self.summary is not None:
            self.summary.write_text(text, encoding="utf-8")


def check_place(option: str, path: Path | None) -> None:
    """Check, before any work, that a file can be written where an option says.

    Raises:
        BadInput: It is a folder, or in none.
    """
    if path is None:
        return
    if path.is_dir():
        raise BadInput(f"{option} {path}: a folder found, the name of a file expected")
    if not path.resolve().parent.is_dir():
        raise BadInput(f"{option} {path}: no such folder; create it, or name another place")
