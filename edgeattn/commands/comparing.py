"""edgeattn report OLD.edge NEW.edge --compare: did anything become worse by more than the noise?"""

from __future__ import annotations

import sys
from itertools import chain
from pathlib import Path

from edgeattn.commands.for_ci import ForCI
from edgeattn.report.against import changes, changes_json, changes_parts, changes_summary, common_targets
from edgeattn.report.table import show
from edgeattn_runtime.bundle import open_bundle
from edgeattn_runtime.errors import CheckFailed


def compare(old: Path, new: Path, for_ci: ForCI, *, as_json: bool) -> None:
    """Compare two bundles of one model, and tell it.

    Raises:
        BadInput: They are of two models, or have no target in common.
        CheckFailed: Something became worse.
    """
    before, after = open_bundle(old), open_bundle(new)
    found = {target: changes(*both) for target, both in common_targets(before, after).items()}
    name = after.manifest.name
    titles = {target: f"{name} for {target}: {new} against {old}" for target in found}
    for_ci.write_summary("\n".join(changes_summary(titles[it], each) for it, each in found.items()))
    if as_json:
        sys.stdout.write(changes_json(found))
    else:
        show(chain.from_iterable(changes_parts(titles[it], each) for it, each in found.items()))
    worse = [
        f"{change.name} {change.before}, now {change.after}"
        for change in chain.from_iterable(found.values())
        if change.word == "worse"
    ]
    if worse:
        raise CheckFailed(f"{new}: worse than {old}: {'; '.join(worse)}; see what changed between the two")
