"""What a tokenizer makes of texts: tokens that it knows, unknown ones, or nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

COUNTED = 2000  # texts, which are as many as samples are read at once
LEAST_READ = 3  # texts with a known token: a sample of each part
NOTABLE_UNKNOWN = 0.05  # share of the tokens, from which there is a warning


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCounts:
    """Counts over the texts of samples, without the tokens that are put around a text.

    Attributes:
        tokenizer: Which one, such as "BertTokenizer of my-model".
        texts: Texts, or pairs of them.
        unread: Texts that become nothing, or nothing but unknown tokens.
        tokens: Tokens of all.
        unknown: Unknown tokens of all.
        example: The text with the largest share of unknown tokens, as it begins.
    """

    tokenizer: str
    texts: int
    unread: int
    tokens: int
    unknown: int
    example: str

    @property
    def share(self) -> float:
        """The share of the tokens that are unknown, from 0 to 1; 1 where there is no token."""
        return self.unknown / self.tokens if self.tokens else 1.0

    def obstacle(self) -> str | None:
        """Return why too few of the texts are samples; None where enough are."""
        if self.texts - self.unread >= LEAST_READ:
            return None
        return f"{self}; texts of its vocabulary expected, or the tokenizer that the network was trained with"

    def warning(self) -> str | None:
        """Return what is lost of the texts; None where little is."""
        if self.share < NOTABLE_UNKNOWN and not self.unread:
            return None
        return f"{self}; check the language, the column and the tokenizer"

    def __str__(self) -> str:
        unread = f", and {self.unread} texts hold no known token" if self.unread else ""
        return (
            f"{100 * self.share:.3g} % of the tokens of {self.texts} texts are unknown to {self.tokenizer}"
            f"{unread}, such as {self.example!r}"
        )


def count_tokens(name: str, encodings: Iterable[tuple[str, Any]], unknown: int | None) -> TokenCounts:
    """Count what becomes of texts.

    Args:
        name: The tokenizer's.
        encodings: Each text and what the tokenizer made of it, with ``special_tokens_mask``.
        unknown: The id of the unknown token; None for a tokenizer that has none, and leaves out what it does
            not know.
    """
    texts = unread = tokens = unknown_tokens = 0
    worst, example = -1.0, ""
    for text, encoding in islice(encodings, COUNTED):
        special = encoding["special_tokens_mask"][0].tolist()
        ids = [i for i, added in zip(encoding["input_ids"][0].tolist(), special, strict=True) if not added]
        lost = ids.count(unknown) if unknown is not None else 0
        share = lost / len(ids) if ids else 1.0
        if share > worst:
            worst, example = share, text[:40]
        texts, unread = texts + 1, unread + (share == 1)
        tokens, unknown_tokens = tokens + len(ids), unknown_tokens + lost
    counts = {"texts": texts, "unread": unread, "tokens": tokens, "unknown": unknown_tokens}
    return TokenCounts(tokenizer=name, example=example, **counts)
