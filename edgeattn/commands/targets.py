"""edgeattn targets: what bundles can be made for."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeattn.commands.terminal import working
from edgeattn.report.table import pairs, show
from edgeattn_runtime.errors import BadInput


def targets(
    install: Annotated[
        list[str] | None,
        typer.Option(metavar="TARGET", help="Make the environment that proves bundles for it here."),
    ] = None,
) -> None:
    """List the targets, what they need, and how they were tested."""
    from edgeattn_export.targets import TARGETS
    from edgeattn_export.targets.registries import OFFERS

    for name in install or ():
        with working() as progress:
            progress.stage(f"install {name}")
            if name not in TARGETS:
                raise BadInput(f"target {name!r}: unknown; expected one of {', '.join(TARGETS)}")
            TARGETS[name].engine.host.install()
    show(
        pairs(
            {
                "Target": target.name,
                "Engine": f"{target.engine.name} {target.engine.version} or newer, "
                f"{', '.join(target.engine.providers)}",
                "Shapes": "dynamic"
                if target.bucket_limits is None
                else f"fixed, in {target.bucket_limits.most} graphs at most",
                "Needs": target.needs,
                "Published": ", ".join(map(str, (offer for offer in OFFERS if offer.runs(target))))
                or "see Needs",
                "Here": target.engine.host.missing() or "proven by every export",
                "Tested": target.tested,
            }
        )
        for target in TARGETS.values()
    )
