"""edgeattn inspect: what a bundle holds and promises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from edgeattn.hub import local_bundle
from edgeattn.report.graph_words import placement_words
from edgeattn.report.number_words import counts, figure, megabytes
from edgeattn.report.promises import promises, role
from edgeattn.report.table import (
    checks_table,
    edge_cases_parts,
    layers_table,
    machine_line,
    pairs,
    show,
    verdict_line,
)
from edgeattn.results.bundle import read_report
from edgeattn.results.trial import recipe_words
from edgeattn_runtime.bundle.folder import BundleFiles, open_bundle
from edgeattn_runtime.bundle.manifest import Manifest, Variant
from edgeattn_runtime.engine.kernels import NONE, kernels_of
from edgeattn_runtime.engine.session import open_session
from edgeattn_runtime.errors import BadInput


def inspect(
    bundle: Annotated[
        str, typer.Argument(metavar="NAME.edge|URL", help="The bundle, or its address on Hugging Face's hub.")
    ],
    target: Annotated[
        str | None, typer.Option(metavar="NAME", help="Show this target. Default: the preferred one.")
    ] = None,
) -> None:
    """Show what a bundle holds and promises."""
    files = open_bundle(local_bundle(bundle))
    manifest = files.manifest
    targets = list(dict.fromkeys(variant.target for variant in manifest.variants))
    if target is not None and target not in targets:
        raise BadInput(f"{bundle}: no target {target!r}; it has {', '.join(targets)}")
    report, variants = read_report(files, target), manifest.variants
    if target is not None:
        variants = tuple(variant for variant in variants if variant.target == target)
    heading = ", ".join(targets if target is None else [target])
    show(
        (
            Text.assemble((manifest.name, "bold"), f" for {heading}"),
            *(_contract(name, manifest) for name in manifest.graphs),
            *(pairs({**promises(manifest, variant), **_kernels(files, variant)}) for variant in variants),
            *(_graph(files, variant, name) for variant in variants for name in manifest.graphs),
            pairs({"Files": megabytes({file: entry.size / 1e6 for file, entry in manifest.files.items()})}),
            *(() if report.placement is None else (pairs({"Placement": placement_words(report.placement)}),)),
            layers_table(report.layers),
            *map(Text, report.notes),
            pairs(_provenance(manifest.provenance)),
            *edge_cases_parts(report.edge_cases),
            checks_table(report.checks),
            machine_line(report.machine),
            verdict_line(report),
        )
    )


def _contract(name: str, manifest: Manifest) -> RenderableType:
    graph = manifest.graphs[name]
    used = {dim for tensor in (*graph.inputs, *graph.outputs) for dim in tensor.dims}
    symbols = {name: symbol for name, symbol in manifest.symbols.items() if name in used}
    heading = {"Contract": f"of {role(name, manifest.generation)}"} if len(manifest.graphs) > 1 else {}
    return pairs(
        {
            **heading,
            "Inputs": "\n".join(map(str, graph.inputs)),
            "Outputs": "\n".join(map(str, graph.outputs)),
            "Symbols": "\n".join(f"{name}: {symbol}" for name, symbol in symbols.items()) or "none",
        }
    )


def _kernels(files: BundleFiles, variant: Variant) -> dict[str, str]:
    """Return which way a variant's sessions go here, where its graphs have nodes for kernels."""
    engine = variant.engine
    kernels = kernels_of(engine.providers, engine.options)
    if kernels == NONE:
        return {}
    if kernels.library is not None:  # which chooses how to multiply while a session opens
        for file in variant.files.values():
            open_session(files.path(file), providers=engine.providers, options=engine.options)
    return {"Here": "\n".join([str(kernels), *kernels.choices])}


def _provenance(provenance: Mapping[str, object]) -> dict[str, str]:
    return {
        name.capitalize(): counts(value) if isinstance(value, Mapping) else recipe_words(str(value))
        for name, value in provenance.items()
    }


def _graph(files: BundleFiles, variant: Variant, name: str) -> RenderableType:
    # onnx-ir comes along: after the bundle is known whole
    from edgeattn.measure.contents import read_contents
    from edgeattn_export.graph.files import files_of

    file = variant.files[name]
    contents = read_contents(files.path(file))
    size = sum(files.manifest.files[each].size for each in files_of(files, file))
    return pairs(
        {
            "Graph": f"{file}, {figure(size / 1e6)} MB",
            "Operators": counts(contents.operators),
            "Weights": megabytes(contents.weights_mb),
        }
    )
