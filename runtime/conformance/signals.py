"""Odd sounds and series, and the specification of both written out once more: where expectations come from.

A raw sound is {"rate", "channels"}, an array of samples a channel; raw series are {"values"}, an array of
numbers a series, where null is a missing one.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from case import numbers

from edgeattn_runtime.processing import Audio, Series
from edgeattn_runtime.processing.log_mel import LogMel

Raw = dict[str, Any]
Numbers = list[float]


def sounds(rate: int, channels: int, draw: np.random.Generator) -> list[Raw | list[Raw]]:
    """Return sounds of 1 to 41 samples, some of which a bundle of that rate and channels must refuse."""

    def sound(time: int, *, channels: int = channels, rate: int = rate) -> Raw:
        samples = draw.uniform(-1, 1, (channels, time)).astype(np.float32)
        return {"rate": rate, "channels": [numbers(row) for row in samples]}

    def of(value: float) -> Raw:
        return {"rate": rate, "channels": [[value] * 12] * channels}

    uneven = {"rate": rate, "channels": [[0.5] * (6 + i) for i in range(2)]}
    single = [
        *(sound(time) for time in (1, 2, 5, 6, 7, 11, 12, 13, 20, 41)),
        *(of(0), of(1), of(-1), of(1.0000001), of(-1.5)),
        *(sound(12, rate=2 * rate), sound(12, channels=3 - channels), sound(12, channels=3), uneven),
        {"rate": rate, "channels": [[]] * channels},
    ]
    return [*single, [sound(12), sound(12)], [sound(7), sound(11)], [sound(9), of(2)], []]


def expected_sounds(batch: Sequence[Raw], audio: Audio, time: int | None) -> Numbers | None:
    """Return sounds as ``processing.audio`` says, in C order; None where they are refused.

    Args:
        batch: Of raw sounds.
        audio: The manifest's.
        time: The input's last dim; None for a symbol.
    """
    log_mel = audio.log_mel
    for sound in batch:
        lengths = {len(samples) for samples in sound["channels"]}
        if sound["rate"] != audio.rate or len(sound["channels"]) != audio.channels or len(lengths) > 1:
            return None
        if 0 in lengths or any(abs(sample) > 1 for samples in sound["channels"] for sample in samples):
            return None
    if log_mel is not None:
        tokens = [_log_mel(sound["channels"][0], audio.rate, log_mel) for sound in batch]
        if not tokens or any(each is None for each in tokens):
            return None
        longest = max(len(each) for each in tokens if each is not None)
        filler = [0.0] * log_mel.bands * log_mel.stack
        rows = [[*each, *[filler] * (longest - len(each))] for each in tokens if each is not None]
        return numbers(np.array(rows, np.float32))
    lengths = {len(sound["channels"][0]) for sound in batch}
    if not batch or (time is None and len(lengths) > 1) or (time is not None and max(lengths) > time):
        return None
    whole = [[*row, *[0.0] * ((time or len(row)) - len(row))] for each in batch for row in each["channels"]]
    return numbers(np.array(whole, np.float32))


def series(count: int, time: int, draw: np.random.Generator) -> list[Raw | list[Raw]]:
    """Return series, some of which a bundle that takes so many must refuse."""

    def drawn(count: int = count, time: int = time, gaps: Sequence[int] = ()) -> Raw:
        values = np.round(draw.normal(50, 100, (count, time)), 3).tolist()
        for gap in gaps:
            values[gap % count][gap % time] = None
        return {"values": values}

    empty = drawn()
    empty["values"][0] = [None] * time
    large = {"values": [[1e30] * time, [-1e-30] * time][:count] + [[0.0] * time] * (count - 2)}
    single = [
        *(drawn(), drawn(time=time - 1), drawn(time=time + 1), drawn(count=count + 1), large),
        *(drawn(gaps=[3]), drawn(gaps=[0]), drawn(gaps=[time - 1]), drawn(gaps=range(0, time, 2)), empty),
        {"values": [[]] * count},
    ]
    return [*single, [drawn(), drawn(gaps=[1])], [drawn(), empty], []]


def expected_series(batch: Sequence[Raw], description: Series, time: int) -> Numbers | None:
    """Return series as ``processing.series`` says, in C order; None where they are refused."""
    units = []
    for each in batch:
        if len(each["values"]) != len(description.names):
            return None
        for values, mean, std in zip(each["values"], description.mean, description.std, strict=True):
            present = [value for value in values if value is not None]
            if (
                len(values) != time
                or not present
                or (description.missing == "refuse" and len(present) < time)
            ):
                return None
            before = present[0]
            for value in values:
                before = before if value is None else value
                units.append((before - mean) / std)
    return numbers(np.array(units).astype(np.float32)) if batch else None


def _log_mel(samples: Sequence[float], rate: int, how: LogMel) -> list[list[float]] | None:
    """Return the tokens of a sound, step by step; None where it is refused."""
    frame, hop, bands, stack = how.frame, how.hop, how.bands, how.stack
    if len(samples) < max(frame - hop + 1, 1):
        return None
    tokens = max(math.ceil((len(samples) + hop - frame) / (hop * stack)), 1)
    energies = []
    for f in range(tokens * stack):
        window = [samples[i] if i < len(samples) else 0.0 for i in range(f * hop, f * hop + frame)]
        shaped = [s * (0.5 - 0.5 * math.cos(2 * math.pi * i / frame)) for i, s in enumerate(window)]
        power = [
            abs(sum(s * cmath.exp(-2j * math.pi * k * i / frame) for i, s in enumerate(shaped))) ** 2
            for k in range(frame // 2 + 1)
        ]
        places = [_mel(k * (rate / 2) / (frame // 2)) for k in range(frame // 2 + 1)]
        step = _mel(rate / 2) / (bands + 1)
        for b in range(1, bands + 1):
            weights = [max(1 - abs(place / step - b), 0) for place in places]
            energies.append(
                math.log(math.fsum(w * p for w, p in zip(weights, power, strict=True)) + how.floor)
            )
    if min(energies) == max(energies):
        return None
    mean = math.fsum(energies) / len(energies)
    spread = math.sqrt(math.fsum((x - mean) ** 2 for x in energies) / (len(energies) - 1))
    whole = [(x - mean) / spread for x in energies]
    size = bands * stack
    return [whole[t * size : (t + 1) * size] for t in range(tokens)]


def _mel(hertz: float) -> float:
    return 2595 * math.log10(1 + hertz / 700)
