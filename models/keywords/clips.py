"""Clips of a second each, spoken and silent, in noise: made by espeak-ng and drawn numbers alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random

import torch
from model import LABELS, RATE, WORDS
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
SNR = (5.0, 30.0)  # dB, in training
JUDGED_SNR = (10.0, 30.0)
LOUDNESS = (0.02, 0.3)  # root mean square


def asked(draw: Random) -> tuple[str, int]:
    """Return a word to say, "" for none, and its label."""
    kind = draw.random()
    if kind < NONE_SHARE:
        return "", NONE
    if kind < NONE_SHARE + OTHER_SHARE:
        return draw.choice(OTHERS), OTHER
    word = draw.choice(WORDS)
    return word, LABELS.index(word)


def clip(word: str, draw: Random, names: list[str]) -> Tensor:
    """Return a second of silence with `word` anywhere inside, of a root mean square of 1, float16 (8000,)."""
    audio = torch.zeros(RATE, dtype=torch.float16)
    if word:
        sound = speak(word, drawn(names, draw))[:RATE]
        start = draw.randint(0, RATE - len(sound))
        audio[start : start + len(sound)] = sound / sound.square().mean().sqrt()
    return audio


def spoken(number: int, names: list[str], seed: int) -> tuple[Tensor, Tensor]:
    """Return clips of the voices `names` without noise, float16 (N, 8000), and their labels, int64 (N,)."""
    draws = [Random(seed * number + index) for index in range(number)]  # spoken at once
    words, labels = zip(*map(asked, draws), strict=True)
    with ThreadPoolExecutor(SPEAKERS) as pool:
        audio = list(pool.map(partial(clip, names=names), words, draws))
    return torch.stack(audio), torch.tensor(labels)


def noise(clips: int, draw: torch.Generator) -> Tensor:
    """Return noise of a root mean square of 1, from white to brown, (clips, 8000)."""
    spectrum = torch.fft.rfft(torch.randn(clips, RATE, generator=draw))
    slope = 2 * torch.rand(clips, 1, generator=draw)  # of the power: 0 is white, 2 brown
    spectrum = spectrum * torch.arange(1, spectrum.size(1) + 1) ** (-slope / 2)
    sound = torch.fft.irfft(spectrum, n=RATE)
    return sound / sound.square().mean(dim=1, keepdim=True).sqrt()


def between(low: float, high: float, clips: int, draw: torch.Generator) -> Tensor:
    """Return a number for each clip, evenly drawn, (clips, 1)."""
    return low + (high - low) * torch.rand(clips, 1, generator=draw)


def stretched(audio: Tensor, rates: tuple[float, float], draw: torch.Generator) -> Tensor:
    """Return `audio` (N, 8000) played at other `rates`: voices get higher where it is faster, or deeper."""
    rate = between(*rates, len(audio), draw)  # (N, 1)
    middle = RATE / 2
    places = ((torch.arange(RATE) - middle) * rate + middle).clamp(0, RATE - 1)  # (N, 8000)
    before = places.long().clamp(max=RATE - 2)
    sound = audio.float()
    return torch.lerp(sound.gather(1, before), sound.gather(1, before + 1), places - before)


def noisy(audio: Tensor, snr: tuple[float, float], draw: torch.Generator) -> Tensor:
    """Return `audio` (N, 8000) in noise `snr` dB below it, at any loudness, float32 from -1 to 1."""
    clips = len(audio)
    ratio = 10 ** (-between(*snr, clips, draw) / 20)
    mixed = audio.float() + ratio * noise(clips, draw)
    return (mixed * between(*LOUDNESS, clips, draw) / (1 + ratio)).clamp(-1, 1)
