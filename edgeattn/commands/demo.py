"""edgeattn demo: a shipped model exported end to end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeattn.commands.export import export
from edgeattn.report.table import pairs, show
from edgeattn.source import shipped


def demo(
    model: Annotated[str, typer.Option(metavar="NAME", help="The reference model to export.")] = "digits",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FOLDER", help="The bundle's folder. Default: MODEL.edge."),
    ] = None,
    listed: Annotated[
        bool, typer.Option("--list", help="List the reference models, and export none.")
    ] = False,
) -> None:
    """Export one of the reference models."""
    if listed:
        show([pairs(shipped.described())])
        return
    export(str(shipped.locate(model)), output=output)
