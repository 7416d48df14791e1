"""edgeattn generate: continues prompts, as `python -m edgeattn_runtime generate` does on a device."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from edgeattn_runtime.errors import InputError
from edgeattn_runtime.generate_command import Prompts, pieces
from edgeattn_runtime.model import load


class EarlyStopping(StrEnum):
    """When beams end."""

    true = "true"
    false = "false"
    never = "never"


def generate(
    bundle: Annotated[Path, typer.Argument(metavar="NAME.edge", help="The bundle.")],
    tokens: Annotated[
        list[str] | None, typer.Option(metavar="1,2", help="A prompt; what an encoder of tokens reads.")
    ] = None,
    text: Annotated[
        list[str] | None, typer.Option("--text", metavar="TEXT", help="A prompt as a text.")
    ] = None,
    inputs: Annotated[
        list[Path] | None,
        typer.Option("--input", metavar="FILE", help="What an encoder reads: X.npz, SOUND.wav; an image."),
    ] = None,
    start: Annotated[str, typer.Option(metavar="0", help="An encoder-decoder's answer begins so.")] = "",
    stop: Annotated[str, typer.Option(metavar="0,3", help="Tokens that end it.")] = "",
    stop_sequences: Annotated[
        list[str] | None, typer.Option(metavar="5,2", help="Tokens in a row that end it.")
    ] = None,
    max_new_tokens: Annotated[int | None, typer.Option(help="The most; else all positions.")] = None,
    repetition_penalty: Annotated[float, typer.Option(help="Above 1 tokens return less.")] = 1.0,
    temperature: Annotated[float, typer.Option(help="Above 0 tokens are drawn.")] = 0.0,
    top_k: Annotated[int | None, typer.Option(help="Draw from so many of the likeliest.")] = None,
    top_p: Annotated[float | None, typer.Option(help="Draw from the likeliest that hold this share.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed draws the same tokens.")] = None,
    num_beams: Annotated[int, typer.Option(help="Sequences continued together, 1 to 8.")] = 1,
    num_return_sequences: Annotated[int, typer.Option(help="Sequences to show of each prompt.")] = 1,
    length_penalty: Annotated[float, typer.Option(help="Above 0 favors long sequences.")] = 1.0,
    early_stopping: Annotated[
        EarlyStopping, typer.Option(help="Whether beams end when as many sequences have ended.")
    ] = EarlyStopping.false,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Intra-op threads; else what the bundle says.")
    ] = None,
) -> None:
    """Continue prompts; --tokens, --text and --input may be given several times.

    One prompt's tokens are shown as they come. Several prompts, or beams, give a line a sequence: the
    prompt's number, the score and the answer.
    """
    prompts = Prompts([_ids("tokens", each) for each in tokens or ()], text or (), inputs or ())
    settings = {
        "start": _ids("start", start),
        "stop": _ids("stop", stop),
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
        "early_stopping": {"true": True, "false": False}.get(early_stopping.value, "never"),
    }
    for piece in pieces(load(bundle, threads=threads), prompts, settings):
        sys.stdout.write(piece)
        sys.stdout.flush()


def _ids(name: str, text: str) -> tuple[int, ...]:
    try:
        return tuple(map(int, text.split(","))) if text else ()
    except ValueError as error:
        raise InputError(f"--{name}: {text!r} found, token ids such as 1,2,3 expected") from error
