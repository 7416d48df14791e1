"""Exact match of answers, as SQuAD counts it."""

from __future__ import annotations

import re
import string

_ARTICLES = re.compile(r"\b(a|an|the)\b")


def exact_match(predicted: str, expected: str) -> float:
    """Return 1 where case, punctuation, articles and blanks alone differ (Rajpurkar et al. 2016)."""
    return float(_normal(predicted) == _normal(expected))


def _normal(text: str) -> str:
    plain = "".join(letter for letter in text.lower() if letter not in string.punctuation)
    return " ".join(_ARTICLES.sub(" ", plain).split())
