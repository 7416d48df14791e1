"""Tables and words in GitHub's Markdown, in which a name is a name: no markup, no link, no mention."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape

_MARKUP = re.compile(r"([\\`*_{}\[\]|~#!])")


def plain(text: str) -> str:
    """Return text that Markdown shows as it is, in one line."""
    marked = _MARKUP.sub(r"\\\1", escape(" ".join(text.split()), quote=False))
    return marked.replace("@", "@<!-- -->").replace("://", ":<!-- -->//")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table; a head that begins with ">" stands at the right, with its numbers."""
    yield _line([head.removeprefix(">") for head in heads])
    yield _line(["---:" if head.startswith(">") else "---" for head in heads])
    for row in rows:
        yield _line(row)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
