"""Processing, applied: an app's data to inputs, outputs to labels, token ids to text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.errors import InputError
from edgeattn_runtime.graph import Graph
from edgeattn_runtime.limits import PIXELS
from edgeattn_runtime.processing import Processing
from edgeattn_runtime.processing.audio import prepare_audio
from edgeattn_runtime.processing.encoding import Encoded, OpenTokenizer
from edgeattn_runtime.processing.image import prepare_image
from edgeattn_runtime.processing.labels import Label
from edgeattn_runtime.processing.prediction import Box, Given, Prediction
from edgeattn_runtime.processing.series import prepare_series
from edgeattn_runtime.processing.text import decode_text, encode_all, prepare_text
from edgeattn_runtime.processing.tokenizer import open_tokenizer
from edgeattn_runtime.processing.words import Worded, words_of

KINDS = ("text", "image", "audio", "series")  # of an app's data

_Part = TypeVar("_Part")


class Preparation:
    """Processing to be applied; its tokenizer is opened when first needed.

    Messages name the ``owner``; ``read`` returns what a file holds, and None reads it from its ``path``.
    """

    def __init__(
        self,
        owner: str,
        processing: Processing | None,
        graphs: Iterable[Graph],
        path: Callable[[str], Path],
        read: Callable[[str], bytes] | None = None,
    ) -> None:
        self._owner = owner
        self._processing = processing or Processing()
        self._inputs = {tensor.name: tensor for graph in graphs for tensor in graph.inputs}
        self._path, self._read = path, read

    def inputs(self, *, pair: object = None, prompt: object = None, **raw: object) -> Arrays:
        """Return the inputs of a call, see ``Model.prepare``."""
        for name in raw.keys() - {*KINDS}:
            raise InputError(f"{name}: unknown; {self._kinds()}")
        batches = {name: _batch(name, value) for name, value in raw.items() if value is not None}
        for name, value in (("pair", pair), ("prompt", prompt)):
            if value is not None and "text" not in batches:
                raise InputError(f"{name}: found without a text; give text as well")
        if not batches:
            raise InputError(f"nothing found to prepare; {self._kinds()}")
        arrays: Arrays = {}
        if "text" in batches:
            arrays |= self._prepare_text(pair, prompt, batches["text"])
        if "image" in batches:
            image = self._part("image", self._processing.image)
            arrays[image.input] = prepare_image(image, batches["image"])
        if "audio" in batches:
            audio = self._part("audio", self._processing.audio)
            arrays[audio.input] = prepare_audio(audio, self._inputs[audio.input], batches["audio"])
        if "series" in batches:
            series = self._part("series", self._processing.series)
            arrays[series.input] = prepare_series(series, self._inputs[series.input], batches["series"])
        return arrays

    def labels(self, outputs: Mapping[str, object]) -> list[list[Label]]:
        """Return the labels of an output, see ``Model.labels``."""
        if self._processing.labels is None:
            raise InputError(f"{self._owner}: has no labels; read the outputs themselves")
        return self._processing.labels.read(outputs)

    def predictions(
        self, outputs: Mapping[str, object], *, text: object = None, pair: object = None, size: object = None
    ) -> list[list[Prediction]]:
        """Return what outputs mean, see ``Model.predictions``."""
        if self._processing.prediction is None:
            raise InputError(f"{self._owner}: predicts nothing by name; read the outputs themselves")
        needs = self._processing.prediction_needs
        if "size" in needs and size is None:
            raise InputError(
                "size: missing; give the width and height in pixels of the image, which boxes lie in"
            )
        has_words = text is not None and "text" in needs and "pair" not in needs
        given = Given(
            texts=self._worded(text) if has_words else None,
            pairs=self.tokens(text, pair) if text is not None and "pair" in needs else None,
            frames=None if size is None else self._frames(size),
        )
        return self._processing.prediction.read(self._processing.labels, outputs, given)

    def forecast(self, outputs: Mapping[str, object]) -> NDArray[np.float64]:
        """Return what is forecast in the series' own units, see ``Model.forecast``."""
        if self._processing.series is None:
            raise InputError(f"{self._owner}: forecasts no series; read the outputs themselves")
        return self._processing.series.forecast(outputs)

    def decode(self, tokens: Iterable[int]) -> str:
        """Return the text of token ids, see ``Model.decode``."""
        return decode_text(self._tokenizer, tokens)

    def tokens(self, text: object, pair: object = None, prompt: object = None) -> list[Encoded]:
        """Return the tokens of a text, or of each of a batch, and where they lie in it; raises InputError."""
        how = self._part("text", self._processing.text)
        pairs = None if pair is None else _batch("pair", pair)
        return encode_all(how, self._tokenizer, _batch("text", text), pairs, prompt)

    def _frames(self, size: object) -> list[Box]:
        image = self._processing.image
        return [
            (0.0, 0.0, float(width), float(height)) if image is None else image.frame(width, height)
            for width, height in _sizes(size)
        ]

    def _worded(self, text: object) -> list[Worded]:
        """Return the words of a text, or of each of a batch, behind the prompt that is put before it."""
        tokenizer = self._tokenizer.tokenizer

        def ids_of(part: str) -> list[int]:
            ids: list[int] = tokenizer.encode(part, add_special_tokens=False).ids
            return ids

        def worded(row: Encoded) -> Worded:
            own = [i for i, (part, _) in enumerate(row.places) if part == 0]
            words = words_of(row.texts[0], [row.ids[i] for i in own], own[0] if own else 0, ids_of)
            return Worded(row.texts[0], words, len(row.ids)).behind(len(prompt))

        how = self._part("text", self._processing.text)
        prompt = how.prompt(None)
        return [worded(row) for row in self.tokens(text)]

    def _prepare_text(self, pair: object, prompt: object, texts: Sequence[object]) -> Arrays:
        text = self._part("text", self._processing.text)
        pairs = None if pair is None else _batch("pair", pair)
        return prepare_text(text, self._tokenizer, self._inputs, texts, pairs, prompt)

    @cached_property
    def _tokenizer(self) -> OpenTokenizer:
        text = self._part("text", self._processing.text)
        content = None if self._read is None else self._read(text.tokenizer)
        return open_tokenizer(text, self._path(text.tokenizer), content)

    def _part(self, name: str, part: _Part | None) -> _Part:
        if part is None:
            raise InputError(f"{self._owner}: prepares no {name}; {self._kinds()}")
        return part

    def _kinds(self) -> str:
        kinds = [name for name in KINDS if getattr(self._processing, name) is not None]
        return f"give {' or '.join(kinds)}" if kinds else "call it with arrays"


def _batch(name: str, value: object) -> Sequence[object]:
    """Return one raw input, or a list or tuple of them, as a sequence."""
    if not isinstance(value, list | tuple):
        return (value,)
    if not value:
        raise InputError(f"{name}: an empty batch found, at least one expected")
    return value


def _sizes(value: object) -> list[tuple[int, int]]:
    """Return one size of an image, or a list of them, as a list."""
    sizes = []
    for size in value if isinstance(value, list) else [value]:
        if not isinstance(size, tuple) or len(size) != 2 or not all(type(n) is int and n > 0 for n in size):
            raise InputError(f"size: {size!r} found, a width and a height in pixels expected")
        if size[0] * size[1] > PIXELS:
            raise InputError(f"size: {size[0]:,} x {size[1]:,} found, at most {PIXELS:,} pixels expected")
        sizes.append(size)
    return sizes
