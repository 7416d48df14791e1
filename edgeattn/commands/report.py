"""edgeattn report: the report on a bundle again, with what devices measured of it."""

from __future__ import annotations

import sys
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from edgeattn.commands.terminal import working
from edgeattn.report.report import read_report
from edgeattn.report.table import device_parts, report_parts, show
from edgeattn_runtime.bundle import open_bundle


def report(
    bundle: Annotated[Path, typer.Argument(metavar="NAME.edge", help="The bundle.")],
    add: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="RESULT.json",
            help="A device's result, kept in the bundle: python -m edgeattn_runtime bench NAME.edge --json.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report alone, as JSON.")] = False,
) -> None:
    """Show the report on a bundle, and add results from devices to it."""
    files = open_bundle(bundle)
    found = read_report(files)
    if add:
        with working():
            from edgeattn.report.adding import with_devices
            from edgeattn.report.device_result import read_result
            from edgeattn_export.pack import save

            results = [read_result(path, files) for path in add]
            found, packed = with_devices(files, found, results)
            save(packed, bundle)
    if as_json:
        sys.stdout.write(found.to_json())
        return
    show((*report_parts(found), *chain.from_iterable(map(device_parts, found.devices))))
