"""Holds Python and C++ against each other: the same bytes are accepted or refused by both, and read alike."""

from __future__ import annotations

from collections.abc import Callable

import cpp

from edgeattn_runtime.errors import BadInput


def agreed(kind: str, python: Callable[[], bytes], content: bytes, *more: bytes) -> None:
    """Read bytes by both.

    Args:
        kind: Of the C++ reader.
        python: Reads the same, and returns it as the bytes that C++ hands out.
        content: The bytes.
        more: What else the C++ reader is given.

    Raises:
        BadInput: Both refuse them.
    """
    try:
        theirs = cpp.read(kind, content, *more)
    except cpp.RefusedError as refusal:
        _check_refused(python, refusal)
        raise BadInput(str(refusal)) from refusal
    try:
        ours = python()
    except BadInput as error:
        raise AssertionError(f"wrong: accepted by C++, refused by Python: {error}") from error
    assert ours == theirs, f"wrong: read otherwise by C++: {theirs[:80]!r}, {ours[:80]!r} by Python"


def _check_refused(python: Callable[[], bytes], refusal: cpp.RefusedError) -> None:
    try:
        python()
    except BadInput:
        return
    raise AssertionError(f"wrong: accepted by Python, refused by C++: {refusal}")
