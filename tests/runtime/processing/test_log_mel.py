"""Log-mel features beyond the conformance cases, which hold them against the specification."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeattn_runtime import BundleError, InputError, load
from edgeattn_runtime.fields import Field
from edgeattn_runtime.processing import Audio

TABLE = {
    "input": "sound",
    "rate": 8000,
    "channels": 1,
    "log_mel": {"frame": 200, "hop": 80, "bands": 40, "stack": 4, "floor": 1e-5},
}


def test_loudness_makes_little_difference(conformance: Path) -> None:
    net = load(conformance / "log-mel.edge")
    time = np.arange(400) / 8000
    tone = np.sin(2 * np.pi * 1000 * time)
    loud, faint = (net.prepare(audio={"rate": 8000, "samples": tone * by})["sound"] for by in (1, 0.5))
    np.testing.assert_allclose(loud, faint, atol=0.1)


def test_shorter_sounds_of_a_batch_end_in_zeros(conformance: Path) -> None:
    net = load(conformance / "log-mel.edge")
    samples = np.random.default_rng(0).uniform(-1, 1, 50)
    sounds = [{"rate": 8000, "samples": samples}, {"rate": 8000, "samples": samples[:20]}]
    batch = net.prepare(audio=sounds)["sound"]
    single = net.prepare(audio=sounds[1])["sound"]
    np.testing.assert_array_equal(batch[1, : single.shape[1]], single[0])
    assert not batch[1, single.shape[1] :].any()


def test_silence_is_refused(conformance: Path) -> None:
    with pytest.raises(InputError, match="silence"):
        load(conformance / "log-mel.edge").prepare(audio={"rate": 8000, "samples": np.zeros(99)})


def test_it_is_written_as_it_was_read() -> None:
    audio = Audio.from_field(Field("processing.audio", TABLE))
    assert audio.to_table() == TABLE
    plain = {name: value for name, value in TABLE.items() if name != "log_mel"}
    assert Audio.from_field(Field("processing.audio", plain)).to_table() == plain


@pytest.mark.parametrize(
    ("change", "pattern"),
    [
        ({"channels": 2}, "channel"),
        ({"log_mel": {**TABLE["log_mel"], "floor": 0}}, "log_mel.floor: 0 "),  # type: ignore[dict-item]
        ({"log_mel": {**TABLE["log_mel"], "frame": 1}}, "log_mel.frame: 1 "),  # type: ignore[dict-item]
        ({"log_mel": None}, "processing.audio.log_mel: null "),
    ],
)
def test_what_a_manifest_may_not_say(change: dict[str, object], pattern: str) -> None:
    with pytest.raises(BundleError, match=pattern):
        Audio.from_field(Field("processing.audio", TABLE | change))
