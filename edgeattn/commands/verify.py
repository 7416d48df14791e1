"""edgeattn verify: whether one of some keys signed a bundle."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from edgeattn.signing import read_public_key
from edgeattn_runtime.bundle.folder import open_bundle


def verify(
    bundle: Annotated[Path, typer.Argument(metavar="NAME.edge", help="The bundle.")],
    key: Annotated[
        list[str],
        typer.Option(
            metavar="PUBLIC",
            help="A public key to trust: a file such as id_ed25519.pub, or 64 hex digits. Repeatable.",
        ),
    ],
) -> None:
    """Check a bundle's signature, and all of its files.

    One of the keys must have signed it, and no byte may have changed since.
    """
    files = open_bundle(bundle, trusted_keys=map(read_public_key, key))
    files.check_golden()
    count = len(files.manifest.files)
    sys.stdout.write(f"{bundle}: signed by {files.signer}; all {count} files are as they were signed\n")
