"""edgeattn generate: continues prompts, as `python -m edgeattn_runtime generate` does on a device."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from edgeattn.commands.sessions import NoKernels, Threads
from edgeattn_runtime.commands.generate import Prompts, pieces, print_pieces
from edgeattn_runtime.errors import InputError
from edgeattn_runtime.model import load


class EarlyStopping(StrEnum):
    """When beams end."""

    true = "true"
    false = "false"
    never = "never"


_ENDS: dict[EarlyStopping | None, bool | str | None] = {
    EarlyStopping.true: True,
    EarlyStopping.false: False,
    EarlyStopping.never: "never",
    None: None,
}


def generate(
    bundle: Annotated[Path, typer.Argument(metavar="NAME.edge", help="The bundle.")],
    tokens: Annotated[
        list[str] | None,
        typer.Option(metavar="1,2", help="A prompt's token ids, or those that an encoder reads."),
    ] = None,
    text: Annotated[
        list[str] | None, typer.Option("--text", metavar="TEXT", help="A prompt as a text.")
    ] = None,
    inputs: Annotated[
        list[Path] | None,
        typer.Option("--input", metavar="FILE", help="What an encoder reads: X.npz, SOUND.wav; an image."),
    ] = None,
    start: Annotated[
        str | None, typer.Option(metavar="0", help="Tokens that an encoder-decoder's answer begins with.")
    ] = None,
    stop: Annotated[str | None, typer.Option(metavar="0,3", help="Tokens that end the answer.")] = None,
    stop_sequences: Annotated[
        list[str] | None,
        typer.Option(metavar="5,2", help="Tokens in a row that end the answer; may be repeated."),
    ] = None,
    stop_strings: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="A text that ends an answer in text; may be repeated."),
    ] = None,
    max_new_tokens: Annotated[
        int | None,
        typer.Option(metavar="N", help="At most so many, else as many as the model has positions."),
    ] = None,
    repetition_penalty: Annotated[float | None, typer.Option(help="Above 1, tokens repeat less.")] = None,
    temperature: Annotated[float | None, typer.Option(help="0 is greedy; above, tokens are sampled.")] = None,
    top_k: Annotated[
        int | None, typer.Option(metavar="K", help="Sample from the K likeliest tokens.")
    ] = None,
    top_p: Annotated[
        float | None, typer.Option(metavar="P", help="Sample from the likeliest tokens that hold this share.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed samples the same tokens.")] = None,
    num_beams: Annotated[int | None, typer.Option(help="Beams for each prompt, 1 to 8.")] = None,
    num_return_sequences: Annotated[int, typer.Option(help="Sequences to show for each prompt.")] = 1,
    length_penalty: Annotated[float | None, typer.Option(help="Above 0 favors long sequences.")] = None,
    early_stopping: Annotated[
        EarlyStopping | None, typer.Option(help="Whether to stop once as many sequences as beams have ended.")
    ] = None,
    threads: Threads = None,
    no_kernels: NoKernels = False,
) -> None:
    """Continue one prompt, or several.

    --tokens, --text and --input may be repeated, once for each prompt. One prompt's tokens are shown as they
    come. Several prompts, or beams, give a line for each sequence: the prompt's number, the score and the
    answer. A setting that is left out is the bundle's, where it has one.
    """
    prompts = Prompts([_ids("tokens", each) for each in tokens or ()], text or (), inputs or ())
    settings = {
        "start": None if start is None else _ids("start", start),
        "stop": None if stop is None else _ids("stop", stop),
        "stop_sequences": [_ids("stop-sequences", each) for each in stop_sequences or ()],
        "max_new_tokens": max_new_tokens,
        "repetition_penalty": repetition_penalty,
        "temperature": temperature,
        "top_k": top_k,
        "top_p": top_p,
        "seed": seed,
        "num_beams": num_beams,
        "num_return_sequences": num_return_sequences,
        "length_penalty": length_penalty,
        "early_stopping": _ENDS[early_stopping],
    }
    model = load(bundle, threads=threads, kernels=not no_kernels)
    print_pieces(pieces(model, prompts, settings, stop_strings or ()))


def _ids(name: str, text: str) -> tuple[int, ...]:
    try:
        return tuple(map(int, text.split(","))) if text else ()
    except ValueError as error:
        raise InputError(f"--{name}: {text!r} found, token ids such as 1,2,3 expected") from error
