"""A bundle against an older one of the same model: what became better or worse by more than the noise."""

from edgeattn.report.against.change import Change
from edgeattn.report.against.changes import changes, common_targets
from edgeattn.report.against.told import changes_json, changes_parts, changes_summary

__all__ = ["Change", "changes", "changes_json", "changes_parts", "changes_summary", "common_targets"]
