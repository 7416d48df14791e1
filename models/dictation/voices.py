"""Phrases as espeak-ng speaks them, in a room that is not quite still."""

from __future__ import annotations

import subprocess
from random import Random

import numpy as np
import torch
from scipy.signal import resample_poly
from sound import RATE
from torch import Tensor

ACCENTS = ("en-us", "en-gb")
VARIANTS = ("m1", "m3", "m4", "m7", "f1", "f2", "f3", "f4", "Andy", "Annie", "Michael", "Linda")
SPEEDS = (140, 200)  # words a minute
PITCHES = (30, 70)  # of 99
SPOKEN_RATE = 22050  # samples a second, of espeak-ng
LOUDNESS = 0.1  # root mean square
SNR = (15.0, 35.0)  # dB, of white noise
MARGIN = 0.1  # s of noise, at most, on either side


def spoken(text: str, draw: Random) -> Tensor:
    """Return `text` in one of the voices, float32 (samples,) at RATE, silence around it cut."""
    voice = f"{draw.choice(ACCENTS)}+{draw.choice(VARIANTS)}"
    speed, pitch = str(draw.randint(*SPEEDS)), str(draw.randint(*PITCHES))
    command = ["espeak-ng", "-v", voice, "-s", speed, "-p", pitch, "--stdout", text]
    wave = subprocess.run(command, capture_output=True, check=True).stdout
    samples = np.frombuffer(wave[44:], np.int16).astype(np.float32) / 2**15  # behind the header
    sound = torch.from_numpy(resample_poly(samples, RATE, SPOKEN_RATE))
    loud = (sound.abs() > 0.01 * sound.abs().max()).nonzero().flatten()
    return sound[loud[0] : loud[-1] + 1]


def recorded(text: str, draw: Random) -> Tensor:
    """Return `text` in one of the voices with noise in and around it, float32 (samples,) from -1 to 1."""
    before, after = (int(draw.uniform(0, MARGIN) * RATE) for _ in range(2))
    speech = torch.nn.functional.pad(spoken(text, draw), (before, after))
    speech = speech * LOUDNESS / speech.square().mean().sqrt()
    noise = torch.randn(len(speech), generator=torch.Generator().manual_seed(draw.getrandbits(32)))
    return (speech + noise * LOUDNESS * 10 ** (-draw.uniform(*SNR) / 20)).clamp(-1, 1)
