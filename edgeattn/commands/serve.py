"""edgeattn serve: a page on which a phone proves a bundle, times it and shows it at work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeattn.commands.terminal import working
from edgeattn.extras import needed_by
from edgeattn.report.number_words import count
from edgeattn_runtime.errors import CheckFailed


def serve(
    bundle: Annotated[Path, typer.Argument(metavar="NAME.edge", help="The bundle, with the target web.")],
    lan: Annotated[
        bool, typer.Option("--lan", help="Let devices of this machine's network in; else this machine alone.")
    ] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes any that is free.")
    ] = 0,
) -> None:
    """Serve a page that proves and times a bundle on a phone; the report gains what it measured."""
    with working() as progress, needed_by("edgeattn serve"):
        progress.stage("open")
        from edgeattn.serve.run import run
    failed = run(bundle, lan=lan, port=port)
    if failed:
        raise CheckFailed(f"{bundle}: golden outputs below tolerance on {count(failed, 'device')}")
