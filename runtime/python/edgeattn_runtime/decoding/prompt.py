"""Prompts: the token ids, counts and arrays that a caller hands over, checked before a graph sees them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.contract import Arrays, bind, check_inputs
from edgeattn_runtime.errors import InputError
from edgeattn_runtime.graph import INTEGERS, Graph, Symbol

Tokens = NDArray[np.int64]
Prompt = Iterable[int] | Mapping[str, object]

_LARGEST = 2**63 - 1


def read_tokens(name: str, ids: Iterable[int], *, vocabulary: int | None, least: int = 1) -> Tokens:
    """Return ids, 1-D integers below the vocabulary where that is known, as int64 (length,).

    Raises:
        InputError: No 1-D sequence of integers, too few, or an id outside the vocabulary.
    """
    try:
        array = np.asarray(list(ids))
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: token ids expected, such as [1, 2, 3] ({error})") from error
    if array.ndim != 1:
        raise InputError(f"{name}: {array.ndim} dims found, 1 expected: token ids such as [1, 2, 3]")
    if len(array) < least:
        raise InputError(f"{name}: no token found, at least {least} expected")
    if len(array) and array.dtype.kind not in "iu":
        raise InputError(f"{name}: {array.dtype} found, integers expected: token ids such as [1, 2, 3]")
    most = _LARGEST if vocabulary is None else vocabulary - 1
    for token in array[(array < 0) | (array > most)]:
        raise InputError(f"{name}: token {token} found, 0 to {most} expected; check the tokenizer")
    return array.astype(np.int64)


def read_sources(name: str, prompt: Prompt, encoder: Graph, symbols: Mapping[str, Symbol]) -> Arrays:
    """Return an encoder's inputs: by name, one array per input, of its dtype and dims.

    Where its only input is integers (batch, source), token ids of one sequence will do, 1-D.

    Raises:
        InputError: Token ids where arrays are expected, or inputs that do not keep the contract.
    """
    arrays = prompt if isinstance(prompt, Mapping) else _tokens(name, prompt, encoder)
    return check_inputs(encoder, symbols, arrays)


def count_sequences(sources: Arrays, encoder: Graph, batch: str) -> int:
    """Return how many sequences an encoder's inputs are of; ``batch`` is the symbol of that."""
    return bind(encoder.inputs, sources).get(batch, 1)


def _tokens(name: str, prompt: Iterable[int], encoder: Graph) -> Mapping[str, object]:
    tensor, *rest = encoder.inputs
    if rest or tensor.dtype not in INTEGERS or len(tensor.dims) != 2:
        expected = ", ".join(map(str, encoder.inputs))
        raise InputError(
            f"{name}: {type(prompt).__name__} found, a dict of arrays expected by the encoder: {expected}"
        )
    # The vocabulary of a source may be another, which the manifest does not have.
    return {tensor.name: [read_tokens(name, prompt, vocabulary=None).tolist()]}
