"""The tokens of a text as labels, one for each position."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.legible import one_line
from edgeattn_runtime.processing import Processing
from edgeattn_runtime.processing.tokenizer import open_tokenizer

LONGEST_LABEL = 12  # characters


def token_labels(
    processing: Processing | None,
    path: Callable[[str], Path],
    inputs: Mapping[str, NDArray[np.generic]],
    length: int,
) -> Sequence[str]:
    """Return a label for each position of the first row; numbers where these are no tokens of a text."""
    text = None if processing is None else processing.text
    ids = None if text is None else inputs.get(text.ids)
    if text is None or ids is None or ids.shape[1:] != (length,):
        return [str(position) for position in range(length)]
    tokenizer = open_tokenizer(text, path(text.tokenizer)).tokenizer
    pieces = (tokenizer.decode([token], skip_special_tokens=False) for token in ids[0].tolist())
    return [one_line(piece, LONGEST_LABEL) or "·" for piece in pieces]
