"""edgeattn sign: a bundle signed by its publisher."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from edgeattn.signing import read_private_key
from edgeattn.signing import sign as sign_bundle


def sign(
    bundle: Annotated[Path, typer.Argument(metavar="NAME.edge", help="The bundle.")],
    key: Annotated[
        Path,
        typer.Option(
            metavar="FILE", help="An Ed25519 private key, of ssh-keygen -t ed25519 or openssl genpkey."
        ),
    ],
) -> None:
    """Sign a bundle: an app can then check who made it."""
    files = sign_bundle(bundle, read_private_key(key))
    sys.stdout.write(f"{bundle}: signed by {files.signer}\n")
