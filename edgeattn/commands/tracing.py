"""edgeattn validate --trace: which module does the loss come from?"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from rich.text import Text

from edgeattn.commands.for_ci import check_place
from edgeattn.commands.terminal import working
from edgeattn.report.table import show
from edgeattn.stages import staged
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.errors import BadInput


def check(*, trace: bool, model: str | None, picture: Path | None) -> None:
    """Check that the options go together.

    Raises:
        BadInput: It does not.
    """
    if trace and model is None:
        raise BadInput("--trace: no model found; name the bundle's original after it")
    if picture is not None and not trace:
        raise BadInput(f"--picture {picture}: found without --trace; add it")
    if picture is not None and picture.suffix != ".svg":
        raise BadInput(f"--picture {picture}: a name that ends in .svg expected")
    check_place("--picture", picture)


def show_trace(
    bundle: Path,
    model: str,
    samples: Path | None,
    columns: Mapping[str, str],
    picture: Path | None,
    *,
    as_json: bool,
    verbose: bool,
) -> None:
    """Trace a bundle against its original, draw it where ``picture`` names a file, and print it."""
    with working(verbose=verbose) as terminal, staged(bundle.name, terminal) as progress:
        from edgeattn.judge.trace.bundle import trace_bundle
        from edgeattn.judge.validation import source_changes, tool_changes
        from edgeattn.report.trace_picture import trace_svg
        from edgeattn.report.trace_table import trace_json, trace_parts
        from edgeattn.source.arguments import read_source

        progress.stage("load")
        files = open_bundle(bundle)
        source = read_source(model, samples, columns)
        notes = (*source_changes(files.manifest, source), *tool_changes(files.manifest))
        traced = trace_bundle(files, source, progress=progress)
        if picture is not None:
            picture.write_bytes(trace_svg(traced.trace))
    name = files.manifest.name
    if as_json:
        sys.stdout.write(trace_json(name, traced, notes))
    else:
        show((*trace_parts(name, traced), *map(Text, notes)))
