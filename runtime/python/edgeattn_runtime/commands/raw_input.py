"""What a command line names as a call's inputs: an .npz file, a sound, series, an image, or a text."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.decoding.prompt import Prompt
from edgeattn_runtime.decoding.text import text_prompt
from edgeattn_runtime.errors import InputError
from edgeattn_runtime.model import Model
from edgeattn_runtime.processing.npz import read_npz
from edgeattn_runtime.processing.objects import Objects
from edgeattn_runtime.processing.picture import read_picture


def read_input(
    model: Model, path: Path | None, text: str | None, pair: str | None = None, prompt: str | None = None
) -> Arrays:
    """Return the inputs of a call; warnings, such as of a text that was cut, go to stderr.

    ``path`` is an .npz, .wav or .csv file, or the file of an image.

    Raises:
        InputError: There is not exactly one of file and text, the bundle prepares no such data, or the .npz
            file cannot be read.
    """
    if (path is None) == (text is None):
        raise InputError("no input or two found; give either --input FILE or --text TEXT")
    if path is not None and (pair is not None or prompt is not None):
        raise InputError("--pair or --prompt: found with --input FILE; give --text TEXT")
    with _warnings_on_stderr():
        if path is None:
            return model.prepare(text=text, pair=pair, prompt=prompt)
        suffix = path.suffix.lower()
        if suffix == ".npz":
            return read_npz(path)
        if suffix == ".csv":
            return model.prepare(series=path)
        return model.prepare(audio=path) if suffix == ".wav" else model.prepare(image=path)


def given_of(model: Model, path: Path | None, text: str | None, pair: str | None = None) -> dict[str, object]:
    """Return what ``Model.predictions`` reads answers by, besides the outputs: texts, or the image's size."""
    processing = model.manifest.processing
    if text is not None:
        return {"text": text} if pair is None else {"text": text, "pair": pair}
    is_image = path is not None and path.suffix.lower() not in (".npz", ".csv", ".wav")
    if is_image and processing is not None and isinstance(processing.prediction, Objects):
        return {"size": read_picture(path).size}
    return {}


def read_prompt(model: Model, path: Path | None, text: str | None) -> Prompt:
    """Return what a decoder continues, a text's token ids, or what an encoder reads."""
    if path is None and text is not None:
        with _warnings_on_stderr():
            return text_prompt(model, text)
    return read_input(model, path, text)


@contextmanager
def _warnings_on_stderr() -> Iterator[None]:
    """Tell each warning in one line on stderr, without its place in the code."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for warning in caught:
        sys.stderr.write(f"{' '.join(str(warning.message).split())}\n")
