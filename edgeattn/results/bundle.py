"""The reports of a bundle, one for each target: where they lie, read, and printed together."""

from __future__ import annotations

import json
from collections.abc import Mapping

from edgeattn.results.report import Report
from edgeattn_runtime.bundle import BundleFiles
from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.manifest import Manifest

REPORT_FILE = "report.json"


def reports_json(reports: Mapping[str, Report]) -> str:
    """Return what ``--json`` prints of a bundle: its one report, or an array of them, one for each target."""
    texts = [report.to_json() for report in reports.values()]
    if len(texts) == 1:
        return texts[0]
    return json.dumps([json.loads(text) for text in texts], indent=2, ensure_ascii=False) + "\n"


def folder_of(target: str, manifest: Manifest) -> str:
    """Return where a target's files lie in a bundle: beside the manifest, or in "NAME/" behind the first."""
    return "" if target == manifest.variants[0].target else f"{target}/"


def read_report(files: BundleFiles, target: str | None = None) -> Report:
    """Read the report that a bundle holds.

    Args:
        files: The bundle.
        target: On which of its targets; None reads the preferred one's.

    Raises:
        BundleError: It holds none, or one that cannot be read.
    """
    manifest = files.manifest
    name = ("" if target is None else folder_of(target, manifest)) + REPORT_FILE
    path = files.path(name)
    if name not in manifest.files:
        raise BundleError(f"{path}: not in the bundle; export the model again")
    try:
        return Report.from_json(path.read_bytes())
    except BundleError as error:
        raise BundleError(f"{path}: {error}") from error
