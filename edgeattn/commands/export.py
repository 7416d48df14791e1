"""edgeattn export: a model's file in, a bundle and its report out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from edgeattn.commands.terminal import working
from edgeattn.judge.budget import parse
from edgeattn.report.report import Report
from edgeattn.report.table import asked, example_parts, loading_parts, measured, report_parts, show
from edgeattn_runtime.errors import BadInput, CheckFailed

if TYPE_CHECKING:
    from edgeattn.bundle import Bundle
    from edgeattn.source.handover import Handover


def export(
    model: Annotated[
        str,
        typer.Argument(help="A Python file or package.module with model() and samples(), or an ONNX file."),
    ],
    samples: Annotated[
        Path | None, typer.Argument(metavar="[SAMPLES.npz]", help="Real inputs, for an ONNX file.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The bundle's folder. Default: NAME.edge.")
    ] = None,
    target: Annotated[str, typer.Option(help="What the bundle is for.")] = "cpu",
    budget: Annotated[
        list[str] | None, typer.Option(metavar="NAME=NUMBER", help="A limit; laid over those of the file.")
    ] = None,
    prefer: Annotated[
        Literal["speed", "size"], typer.Option(help="What is least among all that meets the budget.")
    ] = "speed",
    recipe: Annotated[
        Path | None, typer.Option(help="A recipe to follow, such as NAME.edge/recipes/02-....json.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report alone, as JSON.")] = False,
) -> None:
    """Export a model to an int8 bundle, judged by its budget."""
    limits = parse(budget or ())
    with working() as progress:
        from edgeattn.judge.choosing import Wish
        from edgeattn.report.example import example
        from edgeattn_export.pack import check_folder
        from edgeattn_export.quantize.recipe_file import read_recipe

        progress.stage("load")
        source = _source(model, samples)
        folder = output or Path(f"{source.name}.edge")
        check_folder(folder)
        _check_kept(recipe, folder)
        wish = Wish(prefer, read_recipe(recipe) if recipe is not None else None)
        asked_for = {**source.budget, **limits}
        bundle = source.export(budget=asked_for, target=target, wish=wish, progress=progress)
        bundle.save(folder)
        shown = example(folder, source.handed) if source.handed and not as_json else None
    if as_json:
        sys.stdout.write(bundle.report.to_json())
    else:
        manifest = bundle.manifest
        loading = loading_parts(folder, manifest.graphs[manifest.main_graph], manifest.generation)
        show((*report_parts(bundle.report), *example_parts(shown), *loading))
    check_verdict(bundle.report, f"{folder} is written, and says so")


def _check_kept(recipe: Path | None, folder: Path) -> None:
    """Refuse to replace the bundle that a recipe lies in, and the other recipes with it."""
    if recipe is not None and recipe.resolve().is_relative_to(folder.resolve()):
        raise BadInput(
            f"{folder}: holds the recipe {recipe.name} and would be replaced; choose another with -o"
        )


@dataclass(frozen=True, slots=True)
class _Source:
    """What is exported: its name, its own limits, and the export that waits for the command's."""

    name: str
    budget: Mapping[str, float]
    export: Callable[..., Bundle]
    handed: Handover | None


def _source(model: str, samples: Path | None) -> _Source:
    from edgeattn import pipeline
    from edgeattn.source.given import OnnxFile, given

    handed = given(model, samples)
    if isinstance(handed, OnnxFile):
        return _Source(handed.name, {}, partial(pipeline.export_onnx, handed.model, handed.samples), None)
    export = partial(
        pipeline.export,
        handed.module,
        handed.samples,
        dynamic=handed.dynamic,
        name=handed.name,
        metric=handed.metric,
        source=handed.source_sha256,
    )
    return _Source(handed.name, handed.budget, export, handed)


def check_verdict(report: Report, afterword: str) -> None:
    """Raise CheckFailed, naming each failed check, where the verdict is fail."""
    failed = [f"{c.name} is {measured(c)}, {asked(c)} asked" for c in report.checks if not c.ok]
    if failed:
        raise CheckFailed(f"{report.model} fails its budget: {', '.join(failed)}; {afterword}")
