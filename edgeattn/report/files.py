"""The report's files in the bundle: data, a page, and pictures; and the page's view of a bundle on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edgeattn.report.number_words import counts
from edgeattn.report.page import View, page
from edgeattn.results.bundle import REPORT_FILE, folder_of
from edgeattn.results.check import Verdict
from edgeattn.results.report import Report
from edgeattn.results.trial import recipe_words
from edgeattn_runtime.bundle.folder import BundleFiles
from edgeattn_runtime.bundle.manifest import Manifest

PAGE_FILE = "report.html"
PICTURE_FILE = "pareto.svg"
EXAMPLE_FILE = "example.svg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What a variant was made of and with, and the other variants.

    Attributes:
        tolerance: By output the error that golden outputs may have on a device, in units of their spread.
        source: The sha256 of the file that defines the model; None where there is none.
        versions: Of the tools that made the bundle.
        others: The verdicts on the bundle's other targets.
    """

    tolerance: Mapping[str, float] = field(default_factory=dict)
    source: object = None
    versions: Mapping[str, object] = field(default_factory=dict)
    others: Mapping[str, Verdict] = field(default_factory=dict)

    @classmethod
    def of(cls, manifest: Manifest, target: str) -> Provenance:
        """Return the provenance of a bundle's variant for a target, else of the first one."""
        first, *_ = manifest.variants
        variant = next((each for each in manifest.variants if each.target == target), first)
        versions = manifest.provenance.get("versions")
        return cls(
            tolerance=variant.tolerance,
            source=manifest.provenance.get("source"),
            versions=versions if isinstance(versions, dict) else {},
            others={each.target: each.verdict for each in manifest.variants if each.target != target},
        )

    def facts(self, report: Report) -> dict[str, str]:
        """Return it by words for each fact."""
        facts = {"Recipe": recipe_words(report.recipe)}
        if self.tolerance:
            errors = ", ".join(f"{error:g} ({name})" for name, error in self.tolerance.items())
            unit = f"the spread of {report.original}'s answers"
            facts["Golden outputs"] = f"error at most {errors} of {unit}, on every device"
        if self.source is not None:
            facts["Source, sha256"] = str(self.source)
        facts["Made with"] = counts(self.versions)
        facts["Measured anew by every export"] = ", ".join(report.measured)
        if sum(trial.front for trial in report.trials) > 1:
            facts["Chosen by times"] = (
                "the recipe; the same again: edgeattn export --recipe FILE, of recipes/"
            )
        if self.others:
            facts["Other targets"] = ", ".join(f"{name}: {verdict}" for name, verdict in self.others.items())
        return facts


def report_files(
    report: Report, recipes: Mapping[str, bytes], provenance: Provenance, *, example: bytes | None = None
) -> dict[str, bytes]:
    """Return the content of each file by its name; there is no picture where no recipe was tried.

    Trials and recipes are those of ``edgeattn.judge.search``; ``example`` is an SVG of a sample with both
    models' answers.
    """
    view = _view(report, provenance, example)
    files = {REPORT_FILE: report.to_json().encode(), PAGE_FILE: page(view).encode()}
    if view.drawn is not None:
        files[PICTURE_FILE] = view.drawn
    if example is not None:
        files[EXAMPLE_FILE] = example
    return {**files, **recipes}


def view_of(files: BundleFiles, report: Report, label: str = "") -> View:
    """Return a bundle's view."""
    provenance = Provenance.of(files.manifest, report.target)
    return _view(report, provenance, example_of(files, report), label)


def example_of(files: BundleFiles, report: Report) -> bytes | None:
    """Return the SVG of a sample next to a report in its bundle; None where there is none."""
    name = folder_of(report.target, files.manifest) + EXAMPLE_FILE
    return files.path(name).read_bytes() if name in files.manifest.files else None


def _view(report: Report, provenance: Provenance, example: bytes | None, label: str = "") -> View:
    drawn = _drawn(report) if report.trials and not report.draft else None
    return View(report=report, drawn=drawn, facts=provenance.facts(report), label=label, example=example)


def _drawn(report: Report) -> bytes:
    from edgeattn.report.pareto import pareto_svg  # matplotlib, a second that a draft spares

    return pareto_svg(report)
