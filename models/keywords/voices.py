"""Words as espeak-ng speaks them: its voices, for training, for choices and for the test."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from random import Random

import numpy as np
import torch
from model import RATE
from scipy.signal import resample_poly
from torch import Tensor

ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbcwmd", "en-029")
SPOKEN_RATE = 22050  # samples a second, of espeak-ng
SPEEDS = (120, 220)  # words a minute
PITCHES = (20, 80)  # of 99
UNFIT = {"fast", "whisper", "whisperf", "croak", "Demonic", "announcer"}  # effects rather than voices
PARTS = 5  # that the families of voices are dealt into
VALIDATION_PART, TEST_PART = 0, 2


@dataclass(frozen=True)
class Voice:
    """A way to speak: an accent with a variant, such as "en-us+f2", a speed and a pitch."""

    name: str
    speed: int
    pitch: int


@dataclass(frozen=True)
class Voices:
    """The variants of a voice: whom training hears, whom choices are made by, and whom the test is."""

    train: list[str]
    validation: list[str]
    test: list[str]


def variants() -> Voices:
    """Return espeak-ng's variants in three parts.

    Variants of one family, such as robosoft2 and robosoft5, are in one part.
    """
    command = ["espeak-ng", "--voices=variant"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    names = sorted(set(re.findall(r"!v/(\S+)", listed)) - UNFIT)
    families = sorted({family(name) for name in names})
    part = {name: families.index(family(name)) % PARTS for name in names}
    return Voices(
        [name for name in names if part[name] not in (VALIDATION_PART, TEST_PART)],
        [name for name in names if part[name] == VALIDATION_PART],
        [name for name in names if part[name] == TEST_PART],
    )


def family(variant: str) -> str:
    """Return the name of a variant without its number; f1, f2, m1 and so on are a family each."""
    return variant if re.fullmatch(r"[fm]\d", variant) else variant.rstrip("0123456789").lower()


def drawn(names: list[str], draw: Random) -> Voice:
    """Return one of the variants `names` in any accent, speed and pitch."""
    name = f"{draw.choice(ACCENTS)}+{draw.choice(names)}"
    return Voice(name, draw.randint(*SPEEDS), draw.randint(*PITCHES))


def speak(text: str, voice: Voice) -> Tensor:
    """Return `text` as `voice` says it, float32 (samples,) at RATE, from -1 to 1, silence around it cut."""
    manner = ["-v", voice.name, "-s", str(voice.speed), "-p", str(voice.pitch)]
    wave = subprocess.run(["espeak-ng", *manner, "--stdout", text], capture_output=True, check=True).stdout
    spoken = np.frombuffer(wave[44:], np.int16).astype(np.float32) / 2**15  # behind the header
    sound = torch.from_numpy(resample_poly(spoken, RATE, SPOKEN_RATE))
    loud = (sound.abs() > 0.01 * sound.abs().max()).nonzero().flatten()
    return sound[loud[0] : loud[-1] + 1]
