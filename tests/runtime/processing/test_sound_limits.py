"""What a sound, or what a bundle says of sounds, must not cost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeattn_runtime import BundleError, load
from edgeattn_runtime.fields import Field
from edgeattn_runtime.graph import Tensor
from edgeattn_runtime.processing import Audio
from edgeattn_runtime.processing.log_mel import LogMel

Edited = Callable[[str, Callable[[Any], None]], Path]


def test_channels_of_sound_are_those_of_the_graph(edited: Edited) -> None:
    def change(manifest: Any) -> None:
        manifest["processing"]["audio"]["channels"] = 10**9

    with pytest.raises(BundleError, match=r"processing\.audio\.channels: 1,000,000,000 found, 2 expected"):
        load(edited("stereo", change))


@pytest.mark.parametrize("samples", [2**23, 2**23 + 1])
def test_the_samples_of_an_input_are_bounded(samples: int) -> None:
    audio = Audio(input="x", rate=16000, channels=2)
    inputs = {"x": Tensor("x", "float32", ("batch", 2, samples))}
    if samples == 2**23:
        audio.check(inputs)
    else:
        with pytest.raises(BundleError, match=r"2 x 8,388,609 samples found, at most 16,777,216 expected"):
            audio.check(inputs)


@pytest.mark.parametrize(
    ("change", "at_fault"),
    [
        ({"frame": 2**15 + 1}, "frame"),
        ({"bands": 2**9 + 1}, "bands"),
        ({"frame": 2**12, "hop": 3}, "hop"),
        ({"stack": 2**20}, "stack"),
        ({"hop": 2**22 + 1}, "hop"),
    ],
)
def test_features_of_sound_are_bounded(change: dict[str, int], at_fault: str) -> None:
    table = {"frame": 400, "hop": 160, "bands": 80, "stack": 1, "floor": 1e-5, **change}
    with pytest.raises(BundleError, match=rf"^log_mel\.{at_fault}: "):
        LogMel.from_field(Field("log_mel", table))


def test_rates_are_bounded() -> None:
    with pytest.raises(BundleError, match=r"rate: .* 1 to 1,048,576 expected"):
        Audio.from_field(Field("audio", {"input": "x", "rate": 2**20 + 1, "channels": 1}))


def test_features_of_a_long_sound_are_those_of_its_parts() -> None:
    log_mel = LogMel(frame=4096, hop=4, bands=8, stack=1, floor=1e-5)
    samples = np.random.default_rng(0).uniform(-1, 1, 12_000).astype(np.float32)
    tokens = log_mel.tokens("x", samples, 8000)  # in two blocks
    assert len(tokens) > 2**22 // 4096
    whole = log_mel.tokens("x", samples[:6_000], 8000)  # in one
    for row, other in ((tokens[3], tokens[4]), (tokens[-1], tokens[-2])):
        assert np.corrcoef(row, other)[0, 1] > 0.5  # neighbors share nearly all samples
    assert np.corrcoef(tokens[: len(whole)].ravel(), whole.ravel())[0, 1] > 0.9
