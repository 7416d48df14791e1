"""edgeattn run: answers the inputs of an .npz file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeattn_runtime.model import load
from edgeattn_runtime.npz import read_npz, write_npz


def run(
    bundle: Annotated[Path, typer.Argument(metavar="NAME.edge", help="The bundle.")],
    inputs: Annotated[Path, typer.Option("--input", metavar="X.npz", help="One array per input, by name.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="Y.npz", help="Where the outputs go.")],
    threads: Annotated[
        int | None, typer.Option(min=1, help="Intra-op threads; else what the bundle says.")
    ] = None,
) -> None:
    """Run a bundle on arrays, as an app would."""
    model = load(bundle, threads=threads)
    write_npz(output, model(**read_npz(inputs)))
