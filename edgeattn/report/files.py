"""The report's files in the bundle: data, a page, and pictures; and the page's view of a bundle on disk."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from edgeattn.report.number_words import counts
from edgeattn.report.page import View, page
from edgeattn.report.pareto import pareto_svg
from edgeattn.results.bundle import REPORT_FILE, folder_of
from edgeattn.results.check import Verdict
from edgeattn.results.report import Report
from edgeattn.results.trial import recipe_words
from edgeattn_runtime.bundle import BundleFiles

PAGE_FILE = "report.html"
PICTURE_FILE = "pareto.svg"
EXAMPLE_FILE = "example.svg"

NO_OTHER_TARGETS: Mapping[str, Verdict] = MappingProxyType({})


def report_files(
    report: Report,
    recipes: Mapping[str, bytes],
    *,
    tolerance: float | None = None,
    source: object = None,
    versions: Mapping[str, object],
    others: Mapping[str, Verdict] = NO_OTHER_TARGETS,
    example: bytes | None = None,
) -> dict[str, bytes]:
    """Return the content of each file by its name; there is no picture where nothing was tried.

    Args:
        report: With the lines on what was tried, see ``edgeattn.reporting.trial_results``.
        recipes: Files of recipes by name, see ``edgeattn.reporting.recipe_files``.
        tolerance: The cosine that golden outputs must reach on a device.
        source: The sha256 of the file that defines the model; None where there is none.
        versions: Of the tools that made the bundle.
        others: The verdicts on the bundle's other targets.
        example: An SVG of a sample with what both made of it; None where there is none.
    """
    picture = pareto_svg(report) if report.trials else None
    facts = facts_of(report, tolerance, source, versions)
    if others:
        facts["Other targets"] = ", ".join(f"{name}: {verdict}" for name, verdict in others.items())
    html = page(View(report=report, drawn=picture, example=example, facts=facts))
    files = {REPORT_FILE: report.to_json().encode(), PAGE_FILE: html.encode()}
    if picture is not None:
        files[PICTURE_FILE] = picture
    if example is not None:
        files[EXAMPLE_FILE] = example
    return {**files, **recipes}


def facts_of(
    report: Report, tolerance: float | None, source: object, versions: Mapping[str, object]
) -> dict[str, str]:
    """Return what a bundle was made of and with, by words for each; see ``report_files``."""
    facts = {"Recipe": recipe_words(report.recipe)}
    if tolerance is not None:
        facts["Golden outputs"] = f"a cosine of at least {tolerance:g} to {report.original} on every device"
    if source is not None:
        facts["Source, sha256"] = str(source)
    return facts | {"Made with": counts(versions)}


def view_of(files: BundleFiles, report: Report, label: str = "") -> View:
    """Return a bundle's view.

    Args:
        files: The bundle.
        report: That on one of its targets.
        label: Its name among the reports beside it.
    """
    provenance = files.manifest.provenance
    first, *_ = files.manifest.variants
    variant = next((each for each in files.manifest.variants if each.target == report.target), first)
    versions = provenance.get("versions")
    facts = facts_of(
        report,
        variant.tolerance["cosine"],
        provenance.get("source"),
        versions if isinstance(versions, dict) else {},
    )
    others = {each.target: each.verdict for each in files.manifest.variants if each.target != report.target}
    if others:
        facts["Other targets"] = ", ".join(f"{name}: {verdict}" for name, verdict in others.items())
    drawn = pareto_svg(report) if report.trials else None
    name = folder_of(report.target, files.manifest) + EXAMPLE_FILE
    example = files.path(name).read_bytes() if name in files.manifest.files else None
    return View(report=report, drawn=drawn, facts=facts, label=label, example=example)
