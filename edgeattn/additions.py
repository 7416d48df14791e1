"""Later additions to the report that a bundle holds: results from devices, and an example."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from edgeattn.report.files import EXAMPLE_FILE, report_files
from edgeattn.results.bundle import folder_of
from edgeattn.results.report import Report
from edgeattn_export.pack import Packed, repack
from edgeattn_runtime.bench import Benchmark
from edgeattn_runtime.bundle import BundleFiles


def with_devices(files: BundleFiles, report: Report, results: Iterable[Benchmark]) -> tuple[Report, Packed]:
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
    by_device = {_device(result): result for result in (*report.devices, *results)}
    report = replace(report, devices=tuple(by_device.values()))
    return report, _rewritten(files, report, _example(files, report))


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
        line.recipe: files.path(folder + line.recipe).read_bytes() for line in report.trials if line.recipe
    }
    versions = manifest.provenance.get("versions")
    first, *_ = manifest.variants
    variant = next((each for each in manifest.variants if each.target == report.target), first)
    reports = report_files(
        report,
        recipes,
        tolerance=variant.tolerance["cosine"],
        source=manifest.provenance.get("source"),
        versions=versions if isinstance(versions, dict) else {},
        others={each.target: each.verdict for each in manifest.variants if each.target != report.target},
        example=example,
    )
    return repack(files, {folder + name: content for name, content in reports.items()})


def _example(files: BundleFiles, report: Report) -> bytes | None:
    name = folder_of(report.target, files.manifest) + EXAMPLE_FILE
    return files.path(name).read_bytes() if name in files.manifest.files else None


def _device(result: Benchmark) -> tuple[str, str]:
    return str(result.machine), result.target
