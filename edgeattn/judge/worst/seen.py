"""A sample's inputs as a person sees them: by what the bundle prepares, else by their shapes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from edgeattn.judge.worst.drawn import drawn, numbers, picture, shortened
from edgeattn.judge.worst.worst_sample import Seen
from edgeattn.source.own_processing import OwnProcessing
from edgeattn_export.graph.padding import is_flag
from edgeattn_export.graph.samples import Inputs
from edgeattn_runtime.graph import Graph
from edgeattn_runtime.processing import Image
from edgeattn_runtime.processing.text import decode_text, open_tokenizer

LONGEST = 400  # characters of a text


def seen(
    graph: Graph, own: OwnProcessing | None, inputs: Inputs, every: Sequence[Inputs]
) -> tuple[Seen, ...]:
    """Return the first row of each input but those of flags alone, which say nothing to a person.

    Args:
        graph: The contract.
        own: What stands between an app's data and the inputs; None where nothing is said of it.
        inputs: The sample's.
        every: Those of real samples.
    """
    flags = {tensor.name for tensor in graph.inputs if is_flag(tensor, every)}
    named = [
        tensor.name for tensor in graph.inputs if tensor.name not in flags or len(flags) == len(graph.inputs)
    ]
    return tuple(_seen(name, inputs[name], own) for name in _without_derived(named, own))


def _without_derived(names: Sequence[str], own: OwnProcessing | None) -> Iterator[str]:
    """Yield inputs without those that come of a text beside its tokens."""
    text = None if own is None else own.processing.text
    for name in names:
        if text is None or name not in (text.mask, text.types):
            yield name


def _seen(name: str, array: NDArray[np.generic], own: OwnProcessing | None) -> Seen:
    row = array[0] if array.ndim else array
    if own is not None:
        text, image, audio = own.processing.text, own.processing.image, own.processing.audio
        if text is not None and name == text.ids:
            return Seen(name=name, text=_text(own, row))
        if image is not None and name == image.input:
            return picture(name, _levels(image, row), f"{image.channels}, {image.height}x{image.width}")
        if audio is not None and name == audio.input and audio.log_mel is None:
            lines = np.atleast_2d(np.asarray(row, np.float64))
            seconds = f"{lines.shape[1] / audio.rate:.3g} s at {audio.rate} Hz"
            return Seen(name=name, text=seconds, curves=tuple(map(shortened, lines)))
    return drawn(name, row)


def _text(own: OwnProcessing, tokens: NDArray[np.generic]) -> str:
    text = own.processing.text
    if text is None:
        return numbers(tokens)
    tokenizer = open_tokenizer(text, own.paths[text.tokenizer])
    return printable(decode_text(tokenizer, tokens.tolist())) or numbers(tokens)


def printable(text: str) -> str:
    """Return text in one line of characters that can be seen, and cut where it is long."""
    shown = "".join(character for character in " ".join(text.split()) if character.isprintable())
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…"


def _levels(image: Image, row: NDArray[np.generic]) -> NDArray[np.float64]:
    """Return the levels (H, W) or (H, W, 3) that an input was made of."""
    pixels = np.asarray(row, np.float64)
    if image.layout == "NCHW":
        pixels = np.moveaxis(pixels, 0, -1)
    levels: NDArray[np.float64] = (pixels * np.array(image.std) + np.array(image.mean)) / image.scale
    if image.channels == "BGR":
        levels = levels[..., ::-1]
    return levels[..., 0] if image.channels == "L" else levels
