"""edgeattn pack: one target of a bundle, as an app ships it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from edgeattn.commands.terminal import working
from edgeattn.report.number_words import figure
from edgeattn.report.table import pairs, show
from edgeattn_runtime.bundle.folder import BundleFiles, open_bundle
from edgeattn_runtime.bundle.manifest import MANIFEST_FILE
from edgeattn_runtime.errors import BadInput


def pack(
    bundle: Annotated[Path, typer.Argument(metavar="NAME.edge", help="The bundle.")],
    target: Annotated[
        str, typer.Option("--for", metavar="TARGET", help="Which of its targets, such as cpu.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="The folder to write.")],
    without_golden: Annotated[
        bool, typer.Option("--without-golden", help="Leave out the golden vectors, which `check` replays.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print only JSON.")] = False,
) -> None:
    """Write what an app ships: one target, without reports.

    Pictures, recipes and the other targets stay behind.
    """
    if output.resolve() == bundle.resolve():
        raise BadInput(f"-o {output}: the bundle itself; expected another folder, so that its reports stay")
    with working():
        from edgeattn_export.pack import for_app, save
        from edgeattn_export.pack.for_app import parts

        whole = open_bundle(bundle)
        save(for_app(whole, target, golden=not without_golden), output)
        packed = open_bundle(output)
        sizes = _sizes(packed, parts(packed, packed.manifest.variants))
    left_out = _bytes(whole) - _bytes(packed)
    if as_json:
        line = {"name": packed.manifest.name, "target": target, "bytes": sizes, "left_out_bytes": left_out}
        sys.stdout.write(json.dumps(line, indent=2) + "\n")
        return
    show(
        (
            Text.assemble((packed.manifest.name, "bold"), f" for {target}: {output}"),
            pairs({part.capitalize(): _megabytes(size) for part, size in sizes.items()}),
            pairs({"Together": _megabytes(_bytes(packed)), "Left out": _megabytes(left_out)}),
        )
    )


def _sizes(files: BundleFiles, parts: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """Return the bytes of each part that there is, the manifest's last."""
    table = files.manifest.files
    sizes = {part: sum(table[name].size for name in names) for part, names in parts.items() if names}
    return {**sizes, "manifest": _manifest_bytes(files)}


def _bytes(files: BundleFiles) -> int:
    return sum(entry.size for entry in files.manifest.files.values()) + _manifest_bytes(files)


def _manifest_bytes(files: BundleFiles) -> int:
    return files.path(MANIFEST_FILE).stat().st_size


def _megabytes(size: int) -> str:
    return f"{figure(size / 1e6)} MB"
