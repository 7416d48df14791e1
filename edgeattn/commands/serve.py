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
    bundle: Annotated[
        Path, typer.Argument(metavar="NAME.edge", help="The bundle, exported with --target web.")
    ],
    lan: Annotated[
        bool, typer.Option("--lan", help="Let devices of the local network in. Default: only this machine.")
    ] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="N", help="The port to listen on; 0 takes a free one.")
    ] = 0,
) -> None:
    """Prove and time a bundle in a phone's browser, by a QR code."""
    with working() as progress, needed_by("edgeattn serve"):
        progress.stage("open")
        from edgeattn.serve.server import run
    failed = run(bundle, lan=lan, port=port)
    if failed:
        raise CheckFailed(f"{bundle}: golden outputs miss the tolerance on {count(failed, 'device')}")
