"""What a call returned, in words: its labels where the bundle has them, else how its arrays begin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from numpy.typing import NDArray

from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.model import Model

_BEST = 5  # labels shown of one answer
_FIRST = 6  # numbers shown of an array


def answer_words(model: Model, outputs: Arrays) -> Iterator[str]:
    """Yield a line for each of the likeliest labels, or for each output."""
    processing = model.manifest.processing
    if processing is None or processing.labels is None:
        yield from (_array(name, array) for name, array in outputs.items())
        return
    rows = model.labels(outputs)
    best = rows[0][:_BEST] if len(rows) == 1 else [row[0] for row in rows]
    width = max(len(label.name) for label in best)
    yield from (f"{label.name:{width}}  {label.value:.4g}" for label in best)


def _array(name: str, array: NDArray[Any]) -> str:
    numbers = " ".join(f"{number:.4g}" for number in array.flat[:_FIRST])
    more = " ..." if array.size > _FIRST else ""
    return f"{name}: {array.dtype}{list(array.shape)} {numbers}{more}"
