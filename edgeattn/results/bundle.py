"""The reports of a bundle, one for each target: where they lie, read singly or in pairs, and printed."""

from __future__ import annotations

import json
from collections.abc import Mapping

from edgeattn.results.report import Report
from edgeattn_runtime.bundle.folder import BundleFiles
from edgeattn_runtime.bundle.manifest import Manifest
from edgeattn_runtime.errors import BadInput, BundleError

REPORT_FILE = "report.json"


def reports_json(reports: Mapping[str, Report]) -> str:
    """Return what ``--json`` prints of a bundle: its one report, or an array of them, one for each target."""
    texts = [report.to_json() for report in reports.values()]
    if len(texts) == 1:
        return texts[0]
    return json.dumps([json.loads(text) for text in texts], indent=2, ensure_ascii=False) + "\n"


def folder_of(target: str, manifest: Manifest) -> str:
    """Return where a target's files lie in a bundle: next to the manifest, or in "NAME/" behind the first."""
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
        raise BundleError(
            f"{path}: not in the bundle; see the one that this was packed from, or export the model again"
        )
    try:
        return Report.from_json(path.read_bytes())
    except BundleError as error:
        raise BundleError(f"{path}: {error}") from error


def common_targets(old: BundleFiles, new: BundleFiles) -> dict[str, tuple[Report, Report]]:
    """Read the reports on each target that two bundles have, the older one's first.

    Raises:
        BadInput: They are of two models, or have no target in common.
        BundleError: A report cannot be read, or is of another schema.
    """
    if old.manifest.name != new.manifest.name:
        raise BadInput(
            f"{new.folder}: a bundle of {new.manifest.name!r} found, one of {old.manifest.name!r} expected; "
            "compare two exports of one model"
        )
    old_targets, new_targets = map(_targets, (old, new))
    common = [target for target in old_targets if target in new_targets]
    if not common:
        raise BadInput(
            f"{new.folder}: for {', '.join(new_targets)}, {old.folder} for {', '.join(old_targets)}; "
            "a target in common expected"
        )
    return {target: (read_report(old, target), read_report(new, target)) for target in common}


def _targets(files: BundleFiles) -> list[str]:
    return list(dict.fromkeys(variant.target for variant in files.manifest.variants))
