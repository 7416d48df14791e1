"""edgeattn demo: a shipped model exported end to end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeattn.commands.export import export
from edgeattn.report.table import pairs, show
from edgeattn.source import shipped


def demo(
    model: Annotated[str, typer.Option(help="Which shipped model.")] = "digits",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The bundle's folder. Default: MODEL.edge.")
    ] = None,
    listed: Annotated[
        bool, typer.Option("--list", help="Say which models there are, and export none.")
    ] = False,
) -> None:
    """Export a model that comes with edgeattn."""
    if listed:
        show([pairs(shipped.described())])
        return
    export(str(shipped.locate(model)), output=output)
