"""Token ids and counts as a caller hands them over, checked before a graph sees them."""

from __future__ import annotations

import operator
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.errors import InputError

Tokens = NDArray[np.int64]

_LARGEST = 2**63 - 1


def read_tokens(name: str, ids: Iterable[int], *, vocabulary: int | None, least: int = 1) -> Tokens:
    """Return token ids as int64 (length,).

    Args:
        name: What the ids are, for the message.
        ids: Integers, 1-D; an array, a list, a set.
        vocabulary: The ids are below it; None where it is not known.
        least: The fewest ids.

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


def read_count(name: str, value: int, *, least: int, most: int | None = None) -> int:
    """Return an integer of at least ``least``, and at most ``most``.

    Raises:
        InputError: It is something else.
    """
    try:
        count = operator.index(value)
    except TypeError as error:
        raise InputError(f"{name}: {value!r} found, an integer expected") from error
    if count < least or (most is not None and count > most):
        expected = f"at least {least}" if most is None else f"{least} to {most}"
        raise InputError(f"{name}: {count} found, {expected} expected")
    return count
