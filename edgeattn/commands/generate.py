"""edgeattn generate: continues prompts, as `python -m edgeattn_runtime generate` does on a device."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Annotated

import typer

from edgeattn.commands.options import NoKernels, Threads
from edgeattn_runtime.bundle.generation_options import OPTIONS, GenerationOptions
from edgeattn_runtime.bundle.option_kinds import Kind
from edgeattn_runtime.commands.generate import Prompts, pieces, print_pieces
from edgeattn_runtime.errors import InputError
from edgeattn_runtime.model import load


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
    stop_strings: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="A text that ends an answer in text; may be repeated."),
    ] = None,
    threads: Threads = None,
    no_kernels: NoKernels = False,
    **words: str | list[str] | None,
) -> None:
    """Continue one prompt, or several.

    --tokens, --text and --input may be repeated, once for each prompt. One prompt's tokens are shown as they
    come. Several prompts, or beams, give a line for each sequence: the prompt's number, the score and the
    answer. An option that is left out is the bundle's, where it has one, and else as in brackets.
    """
    prompts = Prompts([_ids(each) for each in tokens or ()], text or (), inputs or ())
    options = GenerationOptions.parse(words)
    model = load(bundle, threads=threads, kernels=not no_kernels)
    print_pieces(pieces(model, prompts, options, stop_strings or ()))


def _parameter(name: str, kind: Kind, summary: str) -> inspect.Parameter:
    option = typer.Option(metavar=kind.metavar, help=f"{summary[0].upper()}{summary[1:]}.")
    annotation = Annotated[list[str] | None, option] if kind.is_repeated else Annotated[str | None, option]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


_OWN = inspect.signature(generate, eval_str=True)
_OPTIONS = [_parameter(name, option["kind"], option["summary"]) for name, option in OPTIONS.items()]
# What typer reads: the options of generation in place of ``words``.
vars(generate)["__signature__"] = _OWN.replace(parameters=[*list(_OWN.parameters.values())[:-1], *_OPTIONS])


def _ids(text: str) -> tuple[int, ...]:
    try:
        return tuple(map(int, text.split(","))) if text else ()
    except ValueError as error:
        raise InputError(f"--tokens: {text!r} found, token ids such as 1,2,3 expected") from error
