"""A text, and the other texts whose embeddings are nearest to its own, by each model."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from edgeattn.report.pictures.answered_sample import BY_BUNDLE, BY_PYTORCH, AnsweredSample, one_line
from edgeattn.report.svg import INK
from edgeattn_runtime.processing.encoding import OpenTokenizer
from edgeattn_runtime.processing.text import decode_text
from edgeattn_runtime.processing.tokenizer import open_tokenizer

SHOWN_NEIGHBORS = 5
_WIDTH, _LINE = 7.0, 0.2  # inches


def has_neighbors(sample: AnsweredSample) -> bool:
    """Say whether the only output is a vector a text, and no score a class; and whether texts can be read."""
    processing, dims = sample.processing, [output.ndim for output in sample.original.values()]
    takes_texts = processing.text is not None and processing.text.pair is None
    is_embedded = takes_texts and processing.labels is None and dims == [2]
    return is_embedded and find_spec("tokenizers") is not None


def draw_neighbors(sample: AnsweredSample) -> Figure:
    """Write the text, and the nearest others with their cosines."""
    (name,) = sample.original
    text = sample.processing.text
    assert text is not None
    tokenizer = open_tokenizer(text, sample.paths[text.tokenizer])
    others = sample.others()
    texts = [_text(tokenizer, inputs[text.ids]) for inputs, _, _ in others]
    lines = [(_text(tokenizer, sample.inputs[text.ids]), INK, "bold")]
    by_pytorch, by_bundle = ([each[model][name] for each in others] for model in (1, 2))
    for heading, color, vector, vectors in (
        ("Nearest by PyTorch:", BY_PYTORCH, sample.original[name], by_pytorch),
        ("Nearest by the bundle:", BY_BUNDLE, sample.bundle[name], by_bundle),
    ):
        cosines = _cosines(vector, vectors)
        lines.append((heading, color, "bold"))
        nearest = np.argsort(-cosines, kind="stable")[:SHOWN_NEIGHBORS]
        lines += [(f"{cosines[i]:.3f}  {texts[i]}", INK, "normal") for i in nearest]
    height = (len(lines) + 1) * _LINE
    figure = Figure((_WIDTH, height))
    for row, (line, color, weight) in enumerate(lines):
        top = 1 - (row + 0.5) * _LINE / height
        figure.text(0.01, top, one_line(line), color=color, weight=weight, va="top")
    return figure


def _text(tokenizer: OpenTokenizer, ids: NDArray[np.generic]) -> str:
    decoded = decode_text(tokenizer, np.asarray(ids[0]).tolist())
    return "".join(each if each.isprintable() else " " for each in decoded)


def _cosines(vector: NDArray[np.generic], others: list[NDArray[np.generic]]) -> NDArray[np.float64]:
    one = np.asarray(vector[0], np.float64)
    every = np.array([other[0] for other in others], np.float64)
    cosines: NDArray[np.float64] = every @ one / (np.linalg.norm(every, axis=1) * np.linalg.norm(one))
    return cosines
