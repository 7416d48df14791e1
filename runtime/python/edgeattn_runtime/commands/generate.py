"""What the command ``generate`` prints: tokens or text as they come, or sequences with their scores."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from edgeattn_runtime.bundle.generation_options import GenerationOptions
from edgeattn_runtime.commands.raw_input import read_prompt
from edgeattn_runtime.decoding import generate, generate_many, generate_text
from edgeattn_runtime.decoding.prompt import Prompt
from edgeattn_runtime.errors import InputError
from edgeattn_runtime.model import Model

_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


@dataclass(frozen=True, slots=True)
class Prompts:
    """The prompts of one kind: token ids, texts, or the files that an encoder reads; raises InputError."""

    tokens: Sequence[Sequence[int]] = ()
    texts: Sequence[str] = ()
    files: Sequence[Path] = ()

    def __post_init__(self) -> None:
        if sum(map(bool, (self.tokens, self.texts, self.files))) != 1:
            raise InputError(
                "no prompt, or several kinds found; give one of --tokens 1,2, --text TEXT and --input FILE"
            )

    def read(self, model: Model) -> list[Prompt]:
        """Return them as ``generate`` takes them."""
        texts = [read_prompt(model, None, text) for text in self.texts]
        return [*self.tokens, *texts, *(read_prompt(model, path, None) for path in self.files)]

    def answers_in_text(self, model: Model) -> bool:
        """Say whether answers are text: to a text, or to a sound or an image where there is a tokenizer."""
        processing = model.manifest.processing
        has_tokenizer = processing is not None and processing.text is not None
        arrays = any(path.suffix.lower() == ".npz" for path in self.files)
        return bool(self.texts) or (has_tokenizer and bool(self.files) and not arrays)


def pieces(
    model: Model, prompts: Prompts, options: GenerationOptions, stop_strings: Sequence[str] = ()
) -> Iterator[str]:
    """Yield what is printed, as it comes.

    Several prompts, or beams, give a line a sequence: the prompt's number, from 0, the score and the answer.

    Raises:
        InputError: Stop strings for several answers, or for tokens; or as ``generate_many`` does.
    """
    inputs = prompts.read(model)
    generation = model.manifest.generation
    own_beams = None if generation is None or stop_strings else generation.defaults.num_beams
    is_single = len(inputs) == (options.num_return_sequences or 1) == 1 and options.num_beams in (None, 1)
    if is_single and (options.num_beams == 1 or options.temperature or (own_beams or 1) == 1):
        if prompts.answers_in_text(model):
            return chain(generate_text(model, inputs[0], options, stop_strings=stop_strings), "\n")
        _check_none(stop_strings)
        return (f"{token}\n" for token in generate(model, inputs[0], options))
    _check_none(stop_strings)
    answers = generate_many(model, inputs, options)
    if is_single:  # by the beams that the bundle asks for
        return iter([f"{_words(model, prompts, answers[0][0].tokens)}\n"])
    return (
        f"{i}  {hypothesis.score:8.4f}  {_words(model, prompts, hypothesis.tokens)}\n"
        for i, row in enumerate(answers)
        for hypothesis in row
    )


def print_pieces(pieces: Iterable[str]) -> None:
    """Print each as it comes; to a terminal, without what would command it: a tokenizer may hold anything."""
    is_terminal = sys.stdout.isatty()
    for piece in pieces:
        sys.stdout.write(piece.translate(_ESCAPES) if is_terminal else piece)
        sys.stdout.flush()


def _check_none(stop_strings: Sequence[str]) -> None:
    if stop_strings:
        raise InputError(
            "stop strings with several answers or token ids found; give one prompt whose answer is a text"
        )


def _words(model: Model, prompts: Prompts, tokens: Sequence[int]) -> str:
    if prompts.answers_in_text(model):
        return " ".join(model.decode(tokens).splitlines())
    return ",".join(map(str, tokens))
