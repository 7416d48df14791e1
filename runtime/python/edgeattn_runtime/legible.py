"""Text of others, such as names in a graph, made fit for one line: nothing unseen in it, and not too long."""

from __future__ import annotations

from typing import Final

_GAP: Final = " ... "


def printable(text: str) -> str:
    r"""Return a text with all that is unseen, or would command a terminal, as an escape such as ``\x1b``.

    A line's end stays one.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character == "\n" or character.isprintable() else _escape(character)
        for character in text
    )


def shortened(text: str, most: int) -> str:
    """Return a text of at most ``most`` characters, at least ten: a longer one loses its middle."""
    if len(text) <= most:
        return text
    head = 2 * (most - len(_GAP)) // 3
    return text[:head] + _GAP + text[len(text) - (most - len(_GAP) - head) :]


def one_line(text: str, most: int) -> str:
    """Return a text as one printable line of at most ``most`` characters."""
    return shortened(printable(" ".join(text.split())), most)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()
