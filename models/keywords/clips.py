"""Clips of a second each, with a spoken word or none: made by espeak-ng and drawn numbers alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random

import torch
from model import LABELS, RATE, WORDS
from noise import between
from torch import Tensor
from voices import drawn, speak

# fmt: off
OTHERS = (
    "bed", "bird", "cat", "dog", "eight", "five", "four", "happy", "house", "marla", "nine", "one", "seven",
    "sheila", "six", "three", "tree", "two", "wow", "zero", "forward", "backward", "follow", "learn",
    "visual", "water", "music", "open", "close", "light", "door", "window", "table", "garden", "hello",
    "good", "morning", "evening", "paper", "river", "mountain", "yellow", "orange", "purple", "doctor",
    "number", "letter", "question",
)
# fmt: on
OTHER, NONE = LABELS.index("another word"), LABELS.index("no word")
SPEAKERS = 4  # at once
OTHER_SHARE = 0.2  # of the clips
NONE_SHARE = 0.06


def asked(draw: Random) -> tuple[str, int]:
    """Return a word to say, "" for none, and its label."""
    kind = draw.random()
    if kind < NONE_SHARE:
        return "", NONE
    if kind < NONE_SHARE + OTHER_SHARE:
        return draw.choice(OTHERS), OTHER
    word = draw.choice(WORDS)
    return word, LABELS.index(word)


def word(asked: str, draw: Random, names: list[str]) -> Tensor:
    """Return what is `asked` in one of the voices `names`, a second at most, float32 (samples,)."""
    return speak(asked, drawn(names, draw))[:RATE] if asked else torch.zeros(0)


def spoken(number: int, names: list[str], seed: int) -> tuple[list[Tensor], Tensor, Tensor]:
    """Return words of the voices `names`, each (samples,), where each begins, and its label, int64 (N,)."""
    seeds = Random(seed)
    draws = [Random(seeds.getrandbits(32)) for _ in range(number)]  # each its own: they are spoken at once
    words, labels = zip(*map(asked, draws), strict=True)
    with ThreadPoolExecutor(SPEAKERS) as pool:
        sounds = list(pool.map(partial(word, names=names), words, draws))
    starts = [draw.randint(0, RATE - len(sound)) for draw, sound in zip(draws, sounds, strict=True)]
    return sounds, torch.tensor(starts), torch.tensor(labels)


def stretched(audio: Tensor, rates: tuple[float, float], draw: torch.Generator) -> Tensor:
    """Return `audio` (N, 8000) played at other `rates`: voices get higher where it is faster, or deeper."""
    return played(audio, between(*rates, len(audio), draw))


def played(audio: Tensor, rate: Tensor) -> Tensor:
    """Return `audio` (N, 8000) played at a `rate` each, (N, 1), its middle where it was."""
    middle = RATE / 2
    places = ((torch.arange(RATE) - middle) * rate + middle).clamp(0, RATE - 1)  # (N, 8000)
    before = places.long().clamp(max=RATE - 2)
    sound = audio.float()
    return torch.lerp(sound.gather(1, before), sound.gather(1, before + 1), places - before)
