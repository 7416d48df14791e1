"""What the command ``generate`` prints: tokens as they come, or whole sequences with their scores."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from itertools import chain

from edgeattn_runtime.decoding import generate, generate_many
from edgeattn_runtime.model import Model
from edgeattn_runtime.raw_input import read_prompt
from edgeattn_runtime.sources import Prompt
from edgeattn_runtime.spoken import spoken

_ALWAYS = (
    "start",
    "max_new_tokens",
    "temperature",
    "top_k",
    "top_p",
    "repetition_penalty",
    "stop",
    "stop_sequences",
    "seed",
)
_WHOLE = ("num_beams", "num_return_sequences", "length_penalty", "early_stopping")


def pieces(model: Model, args: argparse.Namespace) -> Iterator[str]:
    """Yield what is printed, as it comes.

    Several prompts, or beams, give a line a sequence: the prompt's number, from 0, the score and the answer.

    Args:
        model: The bundle.
        args: The command's, as ``arguments.parser`` reads them.
    """
    prompts, settings = _prompts(model, args), {name: getattr(args, name) for name in _ALWAYS}
    if len(prompts) == 1 and args.num_beams == args.num_return_sequences == 1:
        tokens = generate(model, prompts[0], **settings)
        return chain(spoken(model, tokens), "\n") if args.text else (f"{token}\n" for token in tokens)
    settings |= {name: getattr(args, name) for name in _WHOLE}
    answers = generate_many(model, prompts, **settings)
    return (
        f"{i}  {found.score:8.4f}  {_words(model, args, found.tokens)}\n"
        for i, row in enumerate(answers)
        for found in row
    )


def _prompts(model: Model, args: argparse.Namespace) -> list[Prompt]:
    if args.tokens:
        return list(args.tokens)
    texts = [read_prompt(model, None, text) for text in args.text or ()]
    return texts or [read_prompt(model, path, None) for path in args.input]


def _words(model: Model, args: argparse.Namespace, tokens: Sequence[int]) -> str:
    return " ".join(model.decode(tokens).splitlines()) if args.text else ",".join(map(str, tokens))
