"""The view of a report that lies in a bundle, with what the manifest says of its making."""

from __future__ import annotations

from edgeattn.report.bundle_reports import folder_of
from edgeattn.report.files import EXAMPLE_FILE, facts_of
from edgeattn.report.page.view import View
from edgeattn.report.pareto import pareto_svg
from edgeattn.report.report import Report
from edgeattn_runtime.bundle import BundleFiles


def view_of(files: BundleFiles, report: Report, label: str = "") -> View:
    """Return a bundle's view.

    Args:
        files: The bundle.
        report: That on one of its targets.
        label: Tells it from others beside it.
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
