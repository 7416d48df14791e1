"""A sample's inputs as a person sees them: by what the bundle prepares, else by their shapes."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from edgeattn.results.worst_sample import InputView
from edgeattn.source.own_processing import OwnProcessing
from edgeattn_export.graph.padding import is_flag
from edgeattn_export.graph.samples import Inputs
from edgeattn_runtime.graph import Graph
from edgeattn_runtime.processing.image import image_levels
from edgeattn_runtime.processing.text import decode_text
from edgeattn_runtime.processing.tokenizer import open_tokenizer

Array = NDArray[np.generic]

LEAST_SIZE = 8  # rows and columns of a picture, and points of a line
LARGEST_SIDE = 96  # pixels of a side of a picture that is kept
MOST_LINES = 8  # that are drawn over one another at most
LINE_POINTS = 240  # of a line that is kept
WRITTEN_NUMBERS = 12  # that are written out
COLOR_CHANNELS = (1, 3)  # channels that a picture may have
CURVE_DIGITS = 4
LONGEST_TEXT = 400  # characters of a text


def array_view(name: str, array: Array) -> InputView:
    """Return one row of an input, without its batch, as a picture, lines or numbers."""
    values = np.asarray(array, np.float64)
    dims = "x".join(map(str, values.shape)) or "a number"
    if not np.isfinite(values).all():
        return InputView(name=name, text=f"{dims}, with NaN or infinity: {numbers(array)}")
    if (pixels := _pixels(values)) is not None:
        return picture(name, pixels, f"{dims}, {values.min():.3g} to {values.max():.3g}")
    if (lines := _lines(values, array.dtype.kind)) is not None:
        text = f"{dims}, {values.min():.3g} to {values.max():.3g}"
        return InputView(name=name, text=text, curves=tuple(map(shortened, lines)))
    return InputView(name=name, text=numbers(array))


def picture(name: str, pixels: Array, text: str) -> InputView:
    """Return pixels (H, W) or (H, W, 3) as a picture, from black, the least of them, to white."""
    from PIL import Image  # comes with matplotlib

    values = np.asarray(pixels, np.float64)
    low, high = values.min(), values.max()
    levels = ((values - low) * (255 / (high - low or 1))).round().astype(np.uint8)
    image = Image.fromarray(levels)
    image.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return InputView(name=name, text=text, picture=base64.b64encode(file.getvalue()).decode())


def numbers(array: Array) -> str:
    """Write the first numbers of an array."""
    flat = array.ravel()
    written = " ".join(f"{float(value):.3g}" for value in flat[:WRITTEN_NUMBERS])
    return f"{written} … ({flat.size} in all)" if flat.size > WRITTEN_NUMBERS else written


def shortened(line: NDArray[np.float64]) -> tuple[float, ...]:
    """Return a line of at most ``LINE_POINTS``: of each part of a longer one, its least and its largest."""
    if line.size > LINE_POINTS:
        parts = np.array_split(line, LINE_POINTS // 2)
        line = np.array([end for part in parts for end in (part.min(), part.max())])
    return tuple(float(f"{value:.{CURVE_DIGITS}g}") for value in line)


def _pixels(values: NDArray[np.float64]) -> Array | None:
    """Return an array as pixels (H, W) or (H, W, 3), where it can be some."""
    if values.ndim == 3 and values.shape[0] in COLOR_CHANNELS:
        values = np.moveaxis(values, 0, -1)
    if values.ndim == 3 and values.shape[-1] in COLOR_CHANNELS:
        values = values[..., 0] if values.shape[-1] == 1 else values
    elif values.ndim != 2:
        return None
    return values if min(values.shape[:2]) > MOST_LINES - (values.ndim == 3) else None


def _lines(values: NDArray[np.float64], kind: str) -> Sequence[NDArray[np.float64]] | None:
    """Return an array as lines, where it can be some: integers are tokens more often than a curve."""
    if kind != "f" or values.ndim not in (1, 2) or values.shape[-1] == 0:
        return None
    across = np.atleast_2d(values)
    across = across if across.shape[0] <= across.shape[1] else across.T  # what is more is time
    fits = across.shape[0] <= MOST_LINES and across.shape[1] >= LEAST_SIZE
    return list(across) if fits else None


def input_views(
    graph: Graph, own: OwnProcessing | None, inputs: Inputs, every: Sequence[Inputs]
) -> tuple[InputView, ...]:
    """Return the first row of each input, except flags, which say nothing to a person."""
    flags = {tensor.name for tensor in graph.inputs if is_flag(tensor, every)}
    named = [
        tensor.name for tensor in graph.inputs if tensor.name not in flags or len(flags) == len(graph.inputs)
    ]
    return tuple(_view(name, inputs[name], own) for name in _without_derived(named, own))


def _without_derived(names: Sequence[str], own: OwnProcessing | None) -> Iterator[str]:
    """Yield inputs without those that a text gives in addition to its tokens."""
    text = None if own is None else own.processing.text
    for name in names:
        if text is None or name not in (text.mask, text.types):
            yield name


def _view(name: str, array: NDArray[np.generic], own: OwnProcessing | None) -> InputView:
    row = array[0] if array.ndim else array
    if own is not None:
        text, image, audio = own.processing.text, own.processing.image, own.processing.audio
        if text is not None and name == text.ids:
            return InputView(name=name, text=_text(own, row))
        if image is not None and name == image.input:
            levels = image_levels(image, row)
            return picture(name, levels, f"{image.channels}, {levels.shape[0]}x{levels.shape[1]}")
        if audio is not None and name == audio.input and audio.log_mel is None:
            lines = np.atleast_2d(np.asarray(row, np.float64))
            seconds = f"{lines.shape[1] / audio.rate:.3g} s at {audio.rate} Hz"
            return InputView(name=name, text=seconds, curves=tuple(map(shortened, lines)))
    return array_view(name, row)


def _text(own: OwnProcessing, tokens: NDArray[np.generic]) -> str:
    text = own.processing.text
    if text is None:
        return numbers(tokens)
    tokenizer = open_tokenizer(text, own.paths[text.tokenizer])
    return printable(decode_text(tokenizer, tokens.tolist())) or numbers(tokens)


def printable(text: str) -> str:
    """Return text in one line of characters that can be seen, and cut where it is long."""
    visible = "".join(character for character in " ".join(text.split()) if character.isprintable())
    return visible if len(visible) <= LONGEST_TEXT else f"{visible[:LONGEST_TEXT]}…"
