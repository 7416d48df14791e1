"""Generated tokens as text, as they come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edgeattn_runtime.model import Model

_UNFINISHED = "\N{REPLACEMENT CHARACTER}"  # what a decoder makes of a character whose bytes are not all there


def spoken(model: Model, tokens: Iterable[int]) -> Iterator[str]:
    """Yield the text of tokens piece by piece: together, the text of them all.

    Args:
        model: Whose tokenizer decodes them.
        tokens: As ``generate`` yields them.
    """
    said, known = "", list[int]()
    for token in tokens:
        known.append(token)
        text = model.decode(known)
        if text.startswith(said) and not text.endswith(_UNFINISHED):
            yield text[len(said) :]
            said = text
    yield model.decode(known)[len(said) :]
