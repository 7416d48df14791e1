"""edgeattn export: a model's file in, a bundle and its report out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from edgeattn.budget import parse
from edgeattn.report import Report
from edgeattn.table import asked, example_parts, loading_parts, report_parts, show
from edgeattn.terminal import working
from edgeattn_runtime.errors import CheckFailed


def export(
    model: Annotated[str, typer.Argument(help="A Python file or package.module with model() and samples().")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The bundle's folder. Default: NAME.edge.")
    ] = None,
    target: Annotated[str, typer.Option(help="What the bundle is for.")] = "cpu",
    budget: Annotated[
        list[str] | None, typer.Option(metavar="NAME=NUMBER", help="A limit; laid over those of the file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report alone, as JSON.")] = False,
) -> None:
    """Export a model to an int8 bundle, judged by its budget."""
    limits = parse(budget or ())
    with working() as progress:
        from edgeattn import handover, pipeline
        from edgeattn.example import example
        from edgeattn_export import check_folder

        progress.stage("load")
        handed = handover.load(model)
        folder = output or Path(f"{handed.name}.edge")
        check_folder(folder)
        bundle = pipeline.export(
            handed.module,
            handed.samples,
            dynamic=handed.dynamic,
            budget={**handed.budget, **limits},
            target=target,
            name=handed.name,
            metric=handed.metric,
            source=handed.source_sha256,
            progress=progress,
        )
        bundle.save(folder)
        shown = None if as_json else example(folder, handed)
    if as_json:
        sys.stdout.write(bundle.report.to_json())
    else:
        graph = bundle.manifest.graphs[bundle.manifest.main_graph]
        show((*report_parts(bundle.report), *example_parts(shown), *loading_parts(folder, graph)))
    check_verdict(bundle.report, f"{folder} is written, and says so")


def check_verdict(report: Report, afterword: str) -> None:
    """Raise CheckFailed, naming each failed check, where the verdict is fail."""
    failed = [f"{c.name} is {c.measured:.4g}, {asked(c)} asked" for c in report.checks if not c.ok]
    if failed:
        raise CheckFailed(f"{report.model} fails its budget: {', '.join(failed)}; {afterword}")
