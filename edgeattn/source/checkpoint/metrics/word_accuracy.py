"""Word accuracy: 1 less the word error rate."""

from __future__ import annotations

import jiwer


def word_accuracy(predicted: str, expected: str) -> float:
    """Return 1 less the share of words that are wrong, missing or too many; below 0 where these are more.

    Args:
        predicted: What was heard.
        expected: What was said, at least one word.
    """
    return 1 - float(jiwer.wer(expected, predicted))
