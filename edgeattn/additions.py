"""Later additions to the report that a bundle holds: results from devices and browsers, and an example."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from edgeattn.report.files import Provenance, example_of, report_files
from edgeattn.results.bundle import folder_of
from edgeattn.results.report import Report
from edgeattn_export.pack import Packed, repack
from edgeattn_runtime.bundle.folder import BundleFiles
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.timing.benchmark import DeviceBenchmark

MOST_BROWSERS = 64  # in a report, of at most 256 kB each: whoever is let in makes up as many as he likes


def with_devices(
    files: BundleFiles, report: Report, results: Iterable[DeviceBenchmark]
) -> tuple[Report, Packed]:
    """Add results to a bundle's report; a newer one of a device and target takes the older one's place.

    Args:
        files: The bundle on disk.
        report: Its report.
        results: Of its graphs.

    Returns:
        The report, and the bundle that holds it, not yet on disk.

    Raises:
        BadInput: The bundle is signed.
    """
    report = merged(report, results)
    return report, _rewritten(files, report, example_of(files, report))


def with_browser(files: BundleFiles, report: Report, result: DeviceBenchmark) -> Packed:
    """Add what a browser sent; a newer result of a browser takes the older one's place.

    Returns:
        The bundle whose report holds it, not yet on disk.

    Raises:
        BadInput: The bundle is signed, or its report has enough of browsers.
    """
    browsers = _newest((*report.browsers, result))
    if len(browsers) > MOST_BROWSERS:
        raise BadInput(
            f"{files.folder}: its report has results of {MOST_BROWSERS} browsers, the most that it takes; "
            "export the model again, or serve a copy"
        )
    return _rewritten(files, replace(report, browsers=browsers), example_of(files, report))


def merged(report: Report, results: Iterable[DeviceBenchmark]) -> Report:
    """Return a report with results; a newer one of a device and target takes the older one's place."""
    return replace(report, devices=_newest((*report.devices, *results)))


def with_example(files: BundleFiles, report: Report, example: bytes) -> Packed:
    """Add a picture of a sample and of what both made of it.

    Args:
        files: The bundle on disk.
        report: Its report on one target.
        example: An SVG.

    Returns:
        The bundle that holds it, not yet on disk.
    """
    return _rewritten(files, report, example)


def _rewritten(files: BundleFiles, report: Report, example: bytes | None) -> Packed:
    manifest, folder = files.manifest, folder_of(report.target, files.manifest)
    recipes = {
        trial.recipe: files.path(folder + trial.recipe).read_bytes()
        for trial in report.trials
        if trial.recipe
    }
    provenance = Provenance.of(manifest, report.target)
    reports = report_files(report, recipes, provenance, example=example)
    return repack(files, {folder + name: content for name, content in reports.items()})


def _newest(results: Iterable[DeviceBenchmark]) -> tuple[DeviceBenchmark, ...]:
    return tuple({(str(result.machine), result.target): result for result in results}.values())
