"""Generation of a text: its pieces as they come, up to a text that ends it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Unpack

from edgeattn_runtime.bundle.generation_options import GenerationOptions, NamedOptions
from edgeattn_runtime.decoding.generation_session import GenerationSession
from edgeattn_runtime.decoding.prompt import Prompt
from edgeattn_runtime.decoding.token_stream import generate
from edgeattn_runtime.errors import InputError
from edgeattn_runtime.model import Model, load

_UNFINISHED = "\N{REPLACEMENT CHARACTER}"  # what a decoder makes of a character whose bytes are not all there


def generate_text(
    bundle: str | os.PathLike[str] | Model,
    prompt: Prompt | str,
    options: GenerationOptions | None = None,
    *,
    stop_strings: Iterable[str] = (),
    session: GenerationSession | None = None,
    **named: Unpack[NamedOptions],
) -> Iterator[str]:
    """Continue a text, or answer what an encoder reads, and yield the new text piece by piece as it comes.

    It ends as ``generate`` does, or before the first place where one of ``stop_strings`` begins. What may be
    the beginning of one, or a part of a character, comes once it is clear what it is.

    The prompt is a text, which the bundle's tokenizer makes tokens of, or as in ``generate``, as are the
    other arguments. Stop strings are texts, none empty, that are not yielded.

    Returns:
        The pieces; together, they are the text of the tokens that were generated.

    Raises:
        InputError: The bundle has no tokenizer, a stop string is no text or empty, or as ``generate`` does.
        BundleError: The bundle is not whole, or a graph fails on inputs that its contract allows.
        IncompatibleRuntimeError: No variant runs with the engine and execution providers of this device.
        EdgeAttnError: The extra ``edgeattn[text]`` is not installed.
    """
    model = bundle if isinstance(bundle, Model) else load(bundle)
    model.decode(())  # raises now if there is no tokenizer
    stops = _read_stops(stop_strings)
    inputs = text_prompt(model, prompt) if isinstance(prompt, str) else prompt
    return _before(stops, decoded(model, generate(model, inputs, options, session=session, **named)))


def text_prompt(model: Model, text: str) -> Prompt:
    """Return what a decoder continues, a text's token ids, or what an encoder reads.

    Raises:
        InputError: The bundle prepares no text.
    """
    inputs = model.prepare(text=text)
    generation = model.manifest.generation
    if generation is None or generation.encoder is not None:
        return inputs
    tokens: list[int] = inputs[generation.tokens][0].tolist()
    return tokens


def decoded(model: Model, tokens: Iterable[int]) -> Iterator[str]:
    """Yield the text of tokens piece by piece: together, the text of them all."""
    yielded, ids = "", list[int]()
    for token in tokens:
        ids.append(token)
        text = model.decode(ids)
        if text.startswith(yielded) and not text.endswith(_UNFINISHED):
            yield text[len(yielded) :]
            yielded = text
    yield model.decode(ids)[len(yielded) :]


def _read_stops(stop_strings: Iterable[str]) -> tuple[str, ...]:
    if isinstance(stop_strings, str) or not isinstance(stop_strings, Iterable):
        kind = type(stop_strings).__name__
        raise InputError(f"stop_strings: {kind} found, a list of texts expected")
    stops = tuple(stop_strings)
    for i, stop in enumerate(stops):
        if not isinstance(stop, str) or not stop:
            raise InputError(f"stop_strings[{i}]: {stop!r} found, a text of at least one character expected")
    return stops


def _before(stops: tuple[str, ...], pieces: Iterable[str]) -> Iterator[str]:
    """Yield a text up to the first place where a stop begins."""
    waiting = ""
    for piece in pieces:
        waiting += piece
        places = [place for stop in stops if (place := waiting.find(stop)) >= 0]
        certain = min(places) if places else len(waiting) - _withheld(stops, waiting)
        if certain:
            yield waiting[:certain]
        if places:
            return
        waiting = waiting[certain:]
    if waiting:
        yield waiting


def _withheld(stops: tuple[str, ...], text: str) -> int:
    """Return how many of the last characters may turn out to be the beginning of a stop."""
    beginnings = (stop[:length] for stop in stops for length in range(1, len(stop)))
    return max((len(beginning) for beginning in beginnings if text.endswith(beginning)), default=0)
