"""Words in noise: a clip is silence with a word in it, in noise from white to brown."""

from __future__ import annotations

import torch
from torch import Tensor

RATE = 8000  # samples a second, a telephone's
TRAINING_SNR, TEST_SNR = (5.0, 30.0), (10.0, 30.0)  # dB
LOUDNESS = (0.02, 0.3)  # root mean square


def placed(words: list[Tensor], starts: Tensor, length: int = RATE) -> Tensor:
    """Return each word, float32 (samples,), at its start in silence, a second of it, float32 (N, length).

    Words have a root mean square of 1; an empty one leaves silence.
    """
    clips = torch.zeros(len(words), length)
    for clip, word, start in zip(clips, words, starts.tolist(), strict=True):
        if len(word):
            clip[start : start + len(word)] = word / word.square().mean().sqrt()
    return clips


def noise(clips: int, length: int, draw: torch.Generator) -> Tensor:
    """Return noise of a root mean square of 1, from white to brown, (clips, length)."""
    spectrum = torch.fft.rfft(torch.randn(clips, length, generator=draw))
    slope = 2 * torch.rand(clips, 1, generator=draw)  # of the power: 0 is white, 2 brown
    spectrum = spectrum * torch.arange(1, spectrum.size(1) + 1) ** (-slope / 2)
    sound = torch.fft.irfft(spectrum, n=length)
    return sound / sound.square().mean(dim=1, keepdim=True).sqrt()


def between(low: float, high: float, clips: int, draw: torch.Generator) -> Tensor:
    """Return a number for each clip, evenly drawn, (clips, 1)."""
    return low + (high - low) * torch.rand(clips, 1, generator=draw)


def noisy(audio: Tensor, snr: tuple[float, float], draw: torch.Generator) -> Tensor:
    """Return `audio` (N, samples) in noise `snr` dB below it, at any loudness, float32 from -1 to 1."""
    clips, length = audio.shape
    ratio = 10 ** (-between(*snr, clips, draw) / 20)
    mixed = audio.float() + ratio * noise(clips, length, draw)
    return (mixed * between(*LOUDNESS, clips, draw) / (1 + ratio)).clamp(-1, 1)
