"""edgeattn sbom: what a bundle is made of, for whoever keeps account of what they ship."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from edgeattn_runtime.bundle.folder import open_bundle


def sbom(
    bundle: Annotated[Path, typer.Argument(metavar="NAME.edge", help="The bundle.")],
) -> None:
    """Print a bundle's bill of materials: CycloneDX 1.6, as JSON."""
    from edgeattn.sbom import sbom as document

    sys.stdout.write(document(open_bundle(bundle)))
