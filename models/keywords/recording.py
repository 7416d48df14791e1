"""A long recording with words at known places, and which words a window that moves hears in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

import numpy as np
from model import RATE, WORDS, samples
from numpy.typing import NDArray

HOP = RATE // 5  # samples from an answer to the next
SPOKEN = 40  # words
PAUSE = 3 * RATE // 2  # samples between the clips
HISS = 0.003  # root mean square of the noise in the pauses
CERTAIN = 0.5  # of a word, the mean of two answers in a row

Place = tuple[int, int]  # where a clip begins, or a word was heard, in samples, and which word it is


def recorded() -> tuple[NDArray[np.float32], list[Place]]:
    """Return a recording of the first clips with a word, with pauses between, and where each clip begins."""
    draw = np.random.default_rng(0)
    parts: list[NDArray[np.float32]] = []
    places: list[Place] = []
    for inputs, label in islice((each for each in samples() if each[1].item() < len(WORDS)), SPOKEN):
        parts += [HISS * draw.standard_normal(PAUSE, np.float32), inputs["audio"][0].numpy()]
        places.append((sum(map(len, parts[:-1])), int(label.item())))
    parts.append(HISS * draw.standard_normal(PAUSE, np.float32))
    return np.concatenate(parts), places


def heard(answers: Iterable[tuple[int, NDArray[np.float32]]]) -> list[Place]:
    """Return the words that a window hears, each once.

    Args:
        answers: Where each window ends, and its logits, (12,).
    """
    found: list[Place] = []
    before: NDArray[np.float64] | None = None
    for end, logits in answers:
        odds = np.exp(logits - logits.max(), dtype=np.float64)
        odds /= odds.sum()
        mean = odds if before is None else (odds + before) / 2
        word, before = int(mean.argmax()), odds
        again = bool(found) and end - found[-1][0] <= RATE  # the window still holds the word before
        if word < len(WORDS) and mean[word] >= CERTAIN and not again:
            found.append((end, word))
    return found


def matched(found: Sequence[Place], places: Sequence[Place]) -> tuple[int, int]:
    """Return how many words were heard where they are, and how many where they are not."""

    def at(end: int, begin: int) -> bool:
        return begin < end <= begin + 2 * RATE  # as long as the window holds some of it

    right = sum(any(word == said and at(end, begin) for end, word in found) for begin, said in places)
    wrong = sum(not any(word == said and at(end, begin) for begin, said in places) for end, word in found)
    return right, wrong
