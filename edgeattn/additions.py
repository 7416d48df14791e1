"""Later additions to the report that a bundle holds: results from devices and browsers, and an example."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from edgeattn.report.files import Provenance, example_of, report_files
from edgeattn.results.bundle import folder_of
from edgeattn.results.report import Report
from edgeattn_export.pack import Packed, repack
from edgeattn_runtime.bundle.folder import BundleFiles
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.timing.benchmark import DeviceBenchmark

MOST_BROWSERS = 64  # in a report, of at most 256 kB each: whoever is let in makes up as many as he likes


def with_devices(report: Report, results: Iterable[DeviceBenchmark]) -> Report:
    """Return a report with results; a newer one of a device and target takes the older one's place."""
    return replace(report, devices=_newest((*report.devices, *results)))


def with_browser(bundle: Path, report: Report, result: DeviceBenchmark) -> Report:
    """Return a bundle's report with what a browser sent; a newer result takes the older one's place.

    Raises:
        BadInput: The report has enough of browsers.
    """
    browsers = _newest((*report.browsers, result))
    if len(browsers) > MOST_BROWSERS:
        raise BadInput(
            f"{bundle}: its report has results of {MOST_BROWSERS} browsers, the most that it takes; "
            "export the model again, or serve a copy"
        )
    return replace(report, browsers=browsers)


def with_report(files: BundleFiles, report: Report, example: bytes | None = None) -> Packed:
    """Replace a bundle's report on one target.

    Args:
        files: The bundle on disk.
        report: The report that it gets.
        example: A picture of a sample and of what both made of it, an SVG; None keeps the one that it has.

    Returns:
        The bundle, not yet on disk.

    Raises:
        BadInput: It is signed.
    """
    manifest, folder = files.manifest, folder_of(report.target, files.manifest)
    recipes = {
        trial.recipe: files.path(folder + trial.recipe).read_bytes()
        for trial in report.trials
        if trial.recipe
    }
    provenance = Provenance.of(manifest, report.target)
    picture = example_of(files, report) if example is None else example
    reports = report_files(report, recipes, provenance, example=picture)
    return repack(files, {folder + name: content for name, content in reports.items()})


def _newest(results: Iterable[DeviceBenchmark]) -> tuple[DeviceBenchmark, ...]:
    return tuple({(str(result.machine), result.target): result for result in results}.values())
