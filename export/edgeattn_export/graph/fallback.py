"""Optional steps of an export: a step that fails is undone with a note, and the export continues."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from edgeattn_runtime.boundary import lacking

T = TypeVar("T")
D = TypeVar("D")

_REMEDIES = ("; export again", "; export the model again")  # of the runtime, for the owner of a bundle
SUMMARY_LENGTH = 300  # characters of a reason


def with_fallback(what: str, attempt: Callable[[], T], otherwise: D) -> tuple[T | D, tuple[str, ...]]:
    """Make an attempt.

    Args:
        what: Such as "the key-value cache", for the note.
        attempt: Changes nothing but what it returns.
        otherwise: Stands in its place where it fails.

    Returns:
        What the attempt returns, and no note; or what stands in its place, and why.

    Raises:
        Exception: What the attempt raises where the machine lacks memory, files or disk: going on would not
            help.
    """
    try:
        return attempt(), ()
    except Exception as error:
        if lacking(error) is not None:
            raise
        return otherwise, (f"{what} is left out, as it failed: {reason(error)}",)


def finding(error: BaseException) -> str:
    """Return what an exception says of a graph that an export made, without advice to export again."""
    words = " ".join(str(error).split())
    for remedy in _REMEDIES:
        words = words.removesuffix(remedy)
    return words


def reason(error: BaseException) -> str:
    """Return an exception of any kind in one line."""
    words = finding(error)[:SUMMARY_LENGTH]
    return f"{type(error).__name__}: {words}" if words else type(error).__name__
