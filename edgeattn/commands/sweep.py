"""edgeattn sweep: many models by many budgets, for many targets, on many devices."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from edgeattn.commands.options import On
from edgeattn.commands.terminal import Verbose, working
from edgeattn.report.number_words import count
from edgeattn.report.table import show
from edgeattn.sweep.line import Line, table_parts
from edgeattn_runtime.errors import CheckFailed
from edgeattn_runtime.timing.machine import Machine

TABLE_FILE = "sweep.json"
PAGE_FILE = "sweep.html"
SCHEMA = 1  # of sweep.json
DEFAULT = "cpu"


def sweep(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL",
            help="Python files, package.modules, or ONNX files, each followed by its .npz.",
        ),
    ],
    budget: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=NUMBER[,...]",
            help="The limits of one row, such as cosine=0.99,size_mb=5; may be repeated. "
            "[default: each model's own]",
        ),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Where the bundles run; may be repeated, see edgeattn targets. [default: cpu]",
        ),
    ] = None,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FOLDER", help="The folder of the table, its page and its index."
        ),
    ] = Path("sweep"),
    workers: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Worker processes here. [default: half the cores]")
    ] = None,
    on: On = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="tcp://HOST:PORT",
            help="A Dask scheduler with workers. [default: $EDGEATTN_SCHEDULER, or none]",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print only the table, as JSON.")] = False,
    verbose: Verbose = False,
) -> None:
    """Export many models by many budgets and targets; resumable."""
    with working(verbose=verbose):
        from edgeattn.commands.sweep_bars import watching
        from edgeattn.partitions.cluster import connected, dashboard
        from edgeattn.partitions.scheduler import named_scheduler
        from edgeattn.sweep.index import Index
        from edgeattn.sweep.page import page
        from edgeattn.sweep.plan import Plan
        from edgeattn.sweep.run import run

        plan = Plan.read(models, budget or (), target or [DEFAULT], on or ())
        address = named_scheduler(scheduler)
        opened = Index.opened(output, plan)
        # The index is closed before the workers, whose end may take longer than a signal allows.
        with opened as index, connected(address, workers) as client, closing(index):
            machines = _machines(address, on or (), plan.targets)
            with watching(dashboard(client)) as watch:
                outcomes = run(plan, index, client, machines, watch)
            lines = [Line.of(i, row, outcome) for i, (row, outcome) in enumerate(outcomes.items(), 1)]
            write_files(output, {TABLE_FILE: to_json(lines), PAGE_FILE: page(lines, outcomes)})
    if as_json:
        sys.stdout.write(to_json(lines))
    else:
        show(table_parts(lines))
    _check(lines, output / PAGE_FILE)


def _machines(scheduler: str | None, devices: Sequence[str], targets: Sequence[str]) -> dict[str | None, str]:
    """Return by a device's name in ``--on`` what it is; by None, where workers measure what names none."""
    from edgeattn.devices.places import places_on

    with places_on(devices, targets) as places:
        words = [f"{place.machine}, {place.threads} intra-op threads" for place in places]
    here = str(Machine.here()) if scheduler is None else f"a worker of {scheduler}"
    return {None: here, **dict(zip(devices, words, strict=True))}


def to_json(lines: Sequence[Line]) -> str:
    """Return the text of sweep.json."""
    table = {"schema": SCHEMA, "rows": [asdict(line) for line in lines]}
    return json.dumps(table, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write_files(folder: Path, texts: Mapping[str, str]) -> None:
    """Write files by name, each whole or not at all.

    Raises:
        OSError: The disk is full, or the folder may not be written.
    """
    for name, text in texts.items():
        path, part = folder / name, folder / f".{name}.{os.getpid()}"
        try:
            part.write_text(text, encoding="utf-8")
            part.replace(path)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(path)) from error
        finally:
            part.unlink(missing_ok=True)


def _check(lines: list[Line], page: Path) -> None:
    """Raise CheckFailed where a row is no pass."""
    words = Counter(line.verdict for line in lines)
    passed = words.pop("pass", 0)
    if words:
        others = ", ".join(f"{number} {word}" for word, number in words.items())
        raise CheckFailed(f"{count(passed, 'row')} of {len(lines)} pass, {others}; see {page}")
