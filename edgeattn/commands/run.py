"""edgeattn run: answers arrays, an image, a sound, series or a text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from edgeattn.commands.options import NoKernels, Threads
from edgeattn_runtime.commands.answers import answer_lines
from edgeattn_runtime.commands.raw_input import given_of, read_input
from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.errors import BadInput, InputError
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
        raise InputError(f"--head {head}: found without --attention; add --attention, whose head it is")
    model = load(bundle, threads=threads, kernels=not no_kernels)
    maps = _maps_of(model, head) if attention else ()
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
        _show_attention(model, arrays, outputs, maps, head)


def _is_encoded(model: Model, arrays: Arrays) -> bool:
    """Say whether these are all that an encoder reads, and so ask for an answer in tokens."""
    generation = model.manifest.generation
    return (
        generation is not None and generation.encoder is not None and arrays.keys() == {*generation.sources}
    )


def _maps_of(model: Model, head: int | None) -> Sequence[str]:
    """Return the outputs that are attention maps with such a head, as the bundle's report names them."""
    from edgeattn.results.bundle import read_report

    named = {it.output for it in read_report(model.files).attention_maps}
    maps = [output for output in model.outputs if output.name in named]
    if not maps:
        outputs = ", ".join(str(output) for output in model.outputs)
        raise BadInput(
            f"{model.name}: no output is an attention map, one expected by --attention ({outputs} found); "
            "return a layer's weights (batch, heads, sequence, sequence) from the model, and export it again"
        )
    heads = {output.name: output.dims[1] if len(output.dims) == 4 else 1 for output in maps}
    for name, count in heads.items():
        if head is not None and isinstance(count, int) and head >= count:
            raise BadInput(
                f"--head {head}: output {name!r} has {count} found, one from 0 to {count - 1} expected"
            )
    return [output.name for output in maps]


def _show_attention(
    model: Model, inputs: Arrays, outputs: Arrays, maps: Sequence[str], head: int | None
) -> None:
    """Print the maps of a call's first row, the mean over heads or one of them."""
    from edgeattn.report.attention_table import attention_parts
    from edgeattn.report.console import LegibleConsole
    from edgeattn.report.table import INDENT, show
    from edgeattn.report.token_labels import token_labels

    width = LegibleConsole().width - INDENT[-1]
    for name in maps:
        weights, words = _weights(outputs[name], head)
        queries, keys = (
            token_labels(model.manifest.processing, model.files.path, inputs, size) for size in weights.shape
        )
        title = f"{name}, {words}: where each token (a row) looks, in %"
        show(attention_parts(title, weights, queries, keys, width=width))


def _weights(attention: NDArray[np.generic], head: int | None) -> tuple[NDArray[np.float64], str]:
    """Return the first row's map (queries, keys), and what it is of the heads."""
    first = np.asarray(attention[0], np.float64)
    if first.ndim == 2:
        return first, "as the model returns it"
    return (
        (first.mean(axis=0), f"mean of {len(first)} heads") if head is None else (first[head], f"head {head}")
    )
