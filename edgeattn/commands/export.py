"""edgeattn export: a model in, a bundle and its report out."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from edgeattn.commands.for_ci import Summary, check_place, write_reports
from edgeattn.commands.options import Columns, Dims, On, Samples, SamplesArgument, one_of, parse_columns
from edgeattn.commands.terminal import Verbose, working
from edgeattn.report.graph_words import placement_words
from edgeattn.report.loading import example_parts, loading_parts
from edgeattn.report.number_words import limit_text, measured_text
from edgeattn.report.table import report_parts, show
from edgeattn.report.verdict_words import undecided_notes
from edgeattn.results.bundle import reports_json
from edgeattn.results.report import Report
from edgeattn.source.model_files import check_files
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.errors import BadInput, CheckFailed

if TYPE_CHECKING:
    from edgeattn.example import Example
    from edgeattn.source.source import Source
    from edgeattn_export.targets import Target

DEFAULT = "cpu"


def export(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="A Python file or package.module with model() and samples(), an ONNX file or a checkpoint.",
        ),
    ],
    data: SamplesArgument = None,
    samples: Samples = None,
    columns: Columns = None,
    dims: Dims = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FOLDER", help="The bundle's folder. Default: NAME.edge."),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Where the bundle runs; may be repeated, see edgeattn targets. [default: cpu]",
        ),
    ] = None,
    budget: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=NUMBER", help="A limit; overrides the model file's. May be repeated."),
    ] = None,
    prefer: Annotated[
        Literal["speed", "size"], typer.Option(help="What to minimize within the budget.")
    ] = "speed",
    recipe: Annotated[
        Path | None,
        typer.Option(metavar="FILE.json", help="Follow this recipe, such as one of NAME.edge/recipes."),
    ] = None,
    draft: Annotated[
        bool,
        typer.Option("--draft", help="A rule's recipe, proven on few samples: for a first look."),
    ] = False,
    trained: Annotated[
        Path | None,
        typer.Option(
            "--trained",
            metavar="FILE.onnx",
            help="A QDQ file that training made of MODEL; its grids are kept.",
        ),
    ] = None,
    write_model: Annotated[
        Path | None,
        typer.Option(metavar="FILE.py", help="Write the model file that stands for a checkpoint, and end."),
    ] = None,
    on: On = None,
    together: Annotated[
        bool, typer.Option("--together", help="One recipe for all devices, for the least slowdown on any.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail where any work falls back to another execution provider.")
    ] = False,
    summary: Summary = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print only the report, as JSON.")] = False,
    verbose: Verbose = False,
) -> None:
    """Export a model to an int8 bundle, and judge it by its budget."""
    check_place("--summary", summary)
    real, roles = one_of(data, samples), parse_columns(columns or ())
    if together and not on:
        raise BadInput("--together: found without --on HOST, which it is about; name one")
    if write_model is not None:
        _write_model(write_model, model, real, roles, dims)
        return
    with working(verbose=verbose) as progress:
        check_files(model, real)
        from edgeattn import pipeline
        from edgeattn.devices.places import places_on
        from edgeattn.judge.budget import parse
        from edgeattn.judge.request import Objective, Request
        from edgeattn.source.arguments import read_source
        from edgeattn_export.pack import check_folder
        from edgeattn_export.quantize.recipes.recipe import read_recipe

        limits = parse(budget or ())
        progress.stage("load")
        source = read_source(model, real, roles, dims)
        source = source if trained is None else source.with_trained_grids(trained)
        folder = output or Path(f"{source.name}.edge")
        check_folder(folder)
        _check_outside(recipe, folder)
        objective = Objective(prefer, read_recipe(recipe) if recipe is not None else None, draft)
        targets = target or [DEFAULT]
        with places_on(on or (), targets) as places:
            request = Request.read(
                targets,
                {**source.budget, **limits},
                objective,
                has_metric=source.metric is not None,
                places=places,
                one_recipe=together,
            )
            if strict:
                check_reported(request.targets)
            bundle = pipeline.run(source, request, progress)
        bundle.save(folder)
        sample = _example(folder, source, bundle.report)
    write_reports(summary, bundle.reports.values())
    if as_json:
        sys.stdout.write(reports_json(bundle.reports))
    else:
        manifest = bundle.manifest
        graph = manifest.graphs[manifest.main_graph]
        loading = loading_parts(folder, graph, manifest.generation, manifest.processing)
        reports = chain.from_iterable(map(report_parts, bundle.reports.values()))
        show((*reports, *(example_parts(sample.pytorch, sample.bundle) if sample else ()), *loading))
    for report in bundle.reports.values():
        check_verdict(report, f"bundle still written to {folder}; see its report")
        if strict:
            check_placement(report)


def check_verdict(report: Report, afterword: str) -> None:
    """Raise CheckFailed where the verdict is no pass, naming each check or edge case that is none."""
    about, checks = f"{report.model} for {report.target}", report.checks
    failed = [
        f"{c.name} is {measured_text(c)}, {limit_text(c)} required" for c in checks if c.verdict == "fail"
    ]
    broken = [f"{case.name} ({case.reason})" for case in report.edge_cases if not case.ok]
    if broken:
        raise CheckFailed(f"{about} fails edge cases: {', '.join([*broken, *failed])}; {afterword}")
    if failed:
        raise CheckFailed(f"{about} fails its budget: {', '.join(failed)}; {afterword}")
    if report.verdict == "undecided":
        reasons = " ".join(undecided_notes(checks, report.samples.evaluation)).removesuffix(".")
        raise CheckFailed(f"{about}: not enough samples: {reasons}; {afterword}")


def check_placement(report: Report) -> None:
    """Raise CheckFailed where a graph's work may run elsewhere than wanted, or in more than one partition."""
    from edgeattn.measure.placement import has_one_provider
    from edgeattn_export.targets import target_of

    about, placement, target = (
        f"{report.model} for {report.target}",
        report.placement,
        target_of(report.target),
    )
    if placement is not None and not placement.is_whole:
        raise CheckFailed(
            f"{about} is not placed whole: "
            f"{'; '.join(placement_words(placement).splitlines())}; lower these, or export without --strict"
        )
    if placement is None and target is not None and not has_one_provider(target):
        raise CheckFailed(f"{about}: its engine does not report what falls back; export without --strict")


def check_reported(targets: Iterable[Target]) -> None:
    """Raise BadInput where it is known before an export that nothing reports what falls back."""
    from edgeattn.measure.placement import missing_for_placement

    for target in targets:
        if (missing := missing_for_placement(target)) is not None:
            raise BadInput(
                f"--strict: what target {target.name!r} leaves to the CPU is not reported here: {missing}, "
                "or export without --strict"
            )


def _write_model(
    file: Path, model: str, samples: Path | None, columns: Mapping[str, str], dims: int | None
) -> None:
    from edgeattn.source.arguments import checkpoint_of
    from edgeattn.source.checkpoint.write_model import write_model

    write_model(checkpoint_of(model, samples, columns, dims), file)
    sys.stdout.write(f"{file} is the model file; export it by its name once it is changed\n")


def _check_outside(recipe: Path | None, folder: Path) -> None:
    """Refuse to replace the bundle that a recipe lies in, and the other recipes with it."""
    if recipe is not None and recipe.resolve().is_relative_to(folder.resolve()):
        raise BadInput(
            f"{folder}: holds the recipe {recipe.name} and would be replaced; choose another with -o"
        )


def _example(folder: Path, source: Source, report: Report) -> Example | None:
    """Show what both make of a sample; where it can be drawn, the bundle gets the picture."""
    from edgeattn.additions import with_report
    from edgeattn.example import example
    from edgeattn.source.module import ModuleSource
    from edgeattn_export.pack import save

    sample = example(folder, source) if isinstance(source, ModuleSource) else None
    if sample is not None and sample.picture is not None:
        save(with_report(open_bundle(folder), report, sample.picture), folder)
    return sample
