"""edgeattn targets: what bundles can be made for."""

from __future__ import annotations

from edgeattn.report.table import pairs, show


def targets() -> None:
    """List the targets: their engine, what they need, how they were tested."""
    from edgeattn_export.targets import TARGETS

    show(
        pairs(
            {
                "Target": target.name,
                "Engine": f"{target.engine.name} {target.engine.version} or newer, "
                f"{', '.join(target.engine.providers)}",
                "Shapes": "fixed, as buckets" if target.buckets else "dynamic",
                "Needs": target.needs,
                "Tested": target.tested,
            }
        )
        for target in TARGETS.values()
    )
