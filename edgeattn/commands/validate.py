"""edgeattn validate: is the bundle still right?"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeattn.commands import tracing
from edgeattn.commands.export import check_verdict
from edgeattn.commands.for_ci import Summary, check_place, write_reports, write_summary
from edgeattn.commands.options import (
    Columns,
    Dims,
    NoKernels,
    Samples,
    SamplesArgument,
    one_of,
    parse_columns,
)
from edgeattn.commands.scoring import ReadOn, Scheduler, ScoringOptions, Workers
from edgeattn.commands.terminal import Verbose, working
from edgeattn.judge.golden_check import golden_check
from edgeattn.report.ci import golden_summary
from edgeattn.report.table import differing_machines, golden_table, machine_line, report_parts, show
from edgeattn.results.bundle import read_report, reports_json
from edgeattn.results.report import Report
from edgeattn.source.model_files import check_files
from edgeattn.stages import staged
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.errors import BadInput, CheckFailed

if TYPE_CHECKING:
    from edgeattn.judge.validation import Validation  # brings PyTorch


def validate(
    bundle: Annotated[Path, typer.Argument(metavar="NAME.edge", help="The bundle.")],
    model: Annotated[
        str | None,
        typer.Argument(metavar="MODEL", help="Its original, to compare with on all evaluation samples."),
    ] = None,
    data: SamplesArgument = None,
    samples: Samples = None,
    columns: Columns = None,
    dims: Dims = None,
    trace: Annotated[
        bool, typer.Option("--trace", help="Show which modules the loss comes from, not the figures.")
    ] = False,
    picture: Annotated[Path | None, typer.Option(metavar="FILE.svg", help="Draw what --trace finds.")] = None,
    read_on: ReadOn = False,
    workers: Workers = None,
    scheduler: Scheduler = None,
    no_kernels: NoKernels = False,
    summary: Summary = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print only JSON.")] = False,
    verbose: Verbose = False,
) -> None:
    """Compare a bundle with its original, or with its golden vectors."""
    tracing.check(trace=trace, model=model, picture=picture)
    check_place("--summary", summary)
    if trace and summary:
        raise BadInput("--trace: found with --summary, which holds figures; leave one out")
    options = ScoringOptions(read_on=read_on, workers=workers, scheduler=scheduler, kernels=not no_kernels)
    options.check(model=model, trace=trace)
    real, roles = one_of(data, samples), parse_columns(columns or ())
    if roles and (workers is not None or scheduler is not None):
        raise BadInput("--columns: found with --workers or --scheduler; call the columns as their roles")
    if model is None:
        _against_golden(bundle, summary, kernels=not no_kernels, as_json=as_json)
    elif trace:
        tracing.show_trace(bundle, model, real, roles, picture, as_json=as_json, verbose=verbose)
    else:
        _against_original(
            bundle, model, real, roles, options, summary, dims=dims, as_json=as_json, verbose=verbose
        )


def _against_golden(bundle: Path, summary: Path | None, *, kernels: bool, as_json: bool) -> None:
    files = open_bundle(bundle, kernels=kernels)
    replayed = golden_check(files)
    results, name = replayed.results, files.manifest.name
    write_summary(summary, golden_summary(name, results))
    failed = sum(not result.ok for result in results)
    if as_json:
        golden = [asdict(result) for result in results]
        verdict = "fail" if failed else "pass"
        table = {"verdict": verdict, "machine": replayed.machine.to_table(), "golden": golden}
        sys.stdout.write(json.dumps(table, indent=2, allow_nan=False) + "\n")
    else:
        made_on = read_report(files).machine
        machine = () if replayed.machine.kernels is None else (machine_line(replayed.machine),)
        show((golden_table(results), *machine, *differing_machines(made_on, replayed.machine)))
    if failed:
        raise CheckFailed(f"{bundle}: {failed} of {len(results)} golden outputs miss the tolerance")


def _against_original(
    bundle: Path,
    model: str,
    samples: Path | None,
    columns: Mapping[str, str],
    options: ScoringOptions,
    summary: Path | None,
    *,
    dims: int | None,
    as_json: bool,
    verbose: bool,
) -> None:
    with working(verbose=verbose) as terminal, staged(bundle.name, terminal) as progress:
        check_files(model, samples)
        from edgeattn.judge.validation import revalidate, source_changes
        from edgeattn.source.arguments import read_source

        progress.stage("load")
        files = open_bundle(bundle, kernels=options.kernels)
        source = read_source(model, samples, columns, dims)
        changed = source_changes(files.manifest, source)
        with options.scoring(files, model, samples, source) as scoring:
            measured = revalidate(files, source, progress=progress, read_on=options.read_on, scoring=scoring)
    before = {target: read_report(files, target) for target in measured}
    reports = {target: _renewed(before[target], now, changed) for target, now in measured.items()}
    write_reports(summary, reports.values())
    if as_json:
        sys.stdout.write(reports_json(reports))
    for target, report in reports.items():
        if not as_json:
            show((*report_parts(report), *differing_machines(before[target].machine, report.machine)))
    for report in reports.values():
        check_verdict(report, "the bundle is left as it is")


def _renewed(before: Report, now: Validation, changed: tuple[str, ...]) -> Report:
    measures = now.measures
    return replace(
        before,
        machine=now.machine,
        checks=now.checks,
        edge_cases=now.edge_cases,
        samples=replace(before.samples, evaluation=now.count),
        accuracy=measures.scores.accuracy,
        latency_ms=measures.latency_ms,
        memory_mb=measures.memory_mb,
        notes=(*before.notes, *changed),
    )
