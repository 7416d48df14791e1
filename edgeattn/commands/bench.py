"""edgeattn bench: how fast a bundle is, and how much memory it takes."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from edgeattn.commands.terminal import working
from edgeattn.measure.benchmark import benchmark
from edgeattn.measure.shape import parse
from edgeattn.measure.token_time import TokenTime
from edgeattn.report.table import conditions_line, figure, latency_table, show


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
    threads: Annotated[int, typer.Option(min=1, help="Cores that one operator may use.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON alone.")] = False,
) -> None:
    """Time a bundle, and weigh the memory it takes."""
    sizes = parse(shape or ())
    with working() as progress:
        found = benchmark(bundle, model, samples, sizes=sizes, threads=threads, progress=progress)
    if as_json:
        table = {"latency_ms": found.latency_ms.to_table(), "memory_mb": found.memory_mb}
        if found.token is not None:
            table["token_ms"] = asdict(found.token.latency_ms)
        sys.stdout.write(json.dumps(table, indent=2, allow_nan=False) + "\n")
    else:
        memory = f"Memory of the bundle alone {figure(found.memory_mb)} MB: a peak less Python and libraries"
        lines = (found.timed, *_token_line(found.token), memory)
        latency = latency_table(found.latency_ms, found.original)
        show((latency, conditions_line(found.latency_ms), *map(Text, lines)))


def _token_line(token: TokenTime | None) -> tuple[str, ...]:
    if token is None:
        return ()
    ms = token.latency_ms
    written = f"{ms.count} tokens written one by one by int8 after a prompt of {token.prompt}"
    return (f"Time per token {figure(ms.p50)} ms, p50, {figure(ms.p90)} ms, p90: {written}",)
