"""edgeattn bench: how fast a bundle is, and how much memory it takes."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from edgeattn.commands.terminal import Verbose, working
from edgeattn.measure.shape import parse
from edgeattn.report.number_words import figure
from edgeattn.report.table import conditions_line, latency_table, machine_line, show
from edgeattn.stages import staged

if TYPE_CHECKING:
    from edgeattn.measure.benchmark import Benchmark
    from edgeattn.measure.token_time import TokenTime


def bench(
    bundle: Annotated[Path, typer.Argument(metavar="NAME.edge", help="The bundle.")],
    model: Annotated[
        str | None, typer.Argument(metavar="[MODEL]", help="Its original, timed side by side with it.")
    ] = None,
    samples: Annotated[
        Path | None, typer.Argument(metavar="[SAMPLES.npz]", help="Real inputs, where it is an ONNX file.")
    ] = None,
    shape: Annotated[
        list[str] | None,
        typer.Option(metavar="SYMBOL=SIZE", help="Real samples cut and joined to this; else one by one."),
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Intra-op threads.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON alone.")] = False,
    verbose: Verbose = False,
) -> None:
    """Time a bundle, and weigh the memory it takes."""
    sizes = parse(shape or ())
    with working(verbose=verbose) as shown, staged(bundle.name, shown) as progress:
        from edgeattn.measure.benchmark import benchmark

        source = None
        if model is not None:
            from edgeattn.source.given import given

            source = given(model, samples)
        found = benchmark(bundle, source, sizes=sizes, threads=threads, progress=progress)
    if as_json:
        sys.stdout.write(_json(found))
    else:
        memory = f"Memory of the bundle alone {figure(found.memory_mb)} MB: a peak less Python and libraries"
        lines = (found.timed, *_token_line(found.token), memory)
        latency = latency_table(found.latency_ms, found.original)
        conditions = conditions_line(found.latency_ms)
        show((latency, conditions, machine_line(found.machine), *map(Text, lines)))


def _json(found: Benchmark) -> str:
    table = {
        "latency_ms": asdict(found.latency_ms),
        "memory_mb": found.memory_mb,
        "machine": found.machine.to_table(),
    }
    if found.token is not None:
        table["token_ms"] = asdict(found.token.latency_ms)
    return json.dumps(table, indent=2, allow_nan=False) + "\n"


def _token_line(token: TokenTime | None) -> tuple[str, ...]:
    if token is None:
        return ()
    ms = token.latency_ms
    written = f"{ms.count} tokens written one by one by int8 after a prompt of {token.prompt}"
    return (f"Time per token {figure(ms.p50)} ms, p50, {figure(ms.p90)} ms, p90: {written}",)
