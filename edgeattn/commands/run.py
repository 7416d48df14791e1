"""edgeattn run: answers arrays, an image, a sound, series or a text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeattn.commands.attention import maps_of, show_attention
from edgeattn.commands.sessions import NoKernels, Threads
from edgeattn_runtime.commands.answers import answer_lines
from edgeattn_runtime.commands.raw_input import given_of, read_input
from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.errors import InputError
from edgeattn_runtime.model import Model, load
from edgeattn_runtime.processing.npz import write_npz


def run(
    bundle: Annotated[Path, typer.Argument(metavar="NAME.edge", help="The bundle.")],
    inputs: Annotated[
        Path | None,
        typer.Option(
            "--input",
            metavar="FILE",
            help="X.npz, one array per input by name; SOUND.wav; SERIES.csv; an image.",
        ),
    ] = None,
    text: Annotated[
        str | None, typer.Option("--text", metavar="TEXT", help="A text, in place of a file.")
    ] = None,
    pair: Annotated[
        str | None,
        typer.Option("--pair", metavar="TEXT", help="The second text of a pair: a question's context."),
    ] = None,
    prompt: Annotated[
        str | None,
        typer.Option("--prompt", metavar="NAME", help="A prompt of the bundle, put before the text."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="Y.npz", help="Write the outputs here. Default: show them."),
    ] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Show how the outputs begin, as they are.")] = False,
    attention: Annotated[
        bool, typer.Option("--attention", help="Show which token looks at which, too.")
    ] = False,
    head: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="The head that --attention shows. Default: the mean of all."),
    ] = None,
    threads: Threads = None,
    no_kernels: NoKernels = False,
) -> None:
    """Run a bundle on arrays, or on a text, image, sound or series."""
    if head is not None and not attention:
        raise InputError(f"--head {head}: found alone; add --attention, whose head it is")
    model = load(bundle, threads=threads, kernels=not no_kernels)
    maps = maps_of(model, head) if attention else ()
    arrays = read_input(model, inputs, text, pair, prompt)
    if _is_encoded(model, arrays):
        raise InputError(
            f"{model.name}: what its encoder reads found; it answers with tokens: edgeattn generate "
            f"{bundle} --input FILE --start ID"
        )
    outputs = model(**arrays)
    if output is not None:
        write_npz(output, outputs)
    else:
        given = given_of(model, inputs, text, pair)
        typer.echo("\n".join(answer_lines(model, outputs, given, raw=raw)))
    if maps:
        show_attention(model, arrays, outputs, maps, head)


def _is_encoded(model: Model, arrays: Arrays) -> bool:
    """Say whether these are all that an encoder reads, and so ask for an answer in tokens."""
    generation = model.manifest.generation
    return (
        generation is not None and generation.encoder is not None and arrays.keys() == {*generation.sources}
    )
