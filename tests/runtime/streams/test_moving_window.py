from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from draws import drawn_seed
from precision import LAST_PLACE, UNITS

from edgeattn_runtime import InputError, Stream, load

SAMPLES = np.random.default_rng(drawn_seed(0)).uniform(-1, 1, 100).astype(np.float32)
WINDOW = 12  # samples, of mono.edge


@pytest.mark.parametrize("came", [1, 5, 7, 12, 100])
@pytest.mark.parametrize("hop", [1, 5, 12, 30])
def test_each_window_is_answered_once_however_it_comes(came: int, hop: int, conformance: Path) -> None:
    net = load(conformance / "mono.edge")
    stream = Stream(net, hop=hop)
    moments = [
        moment for start in range(0, 100, came) for moment in stream.push(SAMPLES[start : start + came])
    ]
    ends = range(WINDOW, 101, hop)
    assert [moment.end for moment in moments] == list(ends)
    for moment in moments:
        window = SAMPLES[moment.end - WINDOW : moment.end]
        error = np.abs(moment.outputs["total"] - net(wave=window[np.newaxis])["total"])
        assert error <= UNITS * LAST_PLACE * np.abs(window).sum()  # terms of a total that may cancel


def test_no_more_than_a_window_is_kept(conformance: Path) -> None:
    stream = Stream(load(conformance / "mono.edge"), hop=4)
    for _ in range(1000):
        stream.push(SAMPLES[:10])
        assert stream._moving._buffer.shape[1] <= WINDOW


def test_the_caller_may_use_its_array_again(conformance: Path) -> None:
    stream, microphone = Stream(load(conformance / "mono.edge"), hop=4), SAMPLES[:10].copy()
    stream.push(microphone)
    microphone[:] = 1
    (moment,) = stream.push(microphone[:2])
    assert moment.outputs["total"] == pytest.approx(SAMPLES[:10].sum() + 2, abs=1e-5)


def test_a_window_that_is_refused_is_passed_over(conformance: Path) -> None:
    stream = Stream(load(conformance / "series-refuse.edge"), hop=6)
    values = np.arange(24.0).reshape(2, 12)
    values[0, 2] = np.nan
    with pytest.raises(InputError, match="1 of 6 "):
        stream.push(values)
    assert [moment.end for moment in stream.push(values[:, :0])] == [12]


def test_reset_begins_anew(conformance: Path) -> None:
    stream = Stream(load(conformance / "mono.edge"), hop=5)
    stream.push(SAMPLES[:27])
    stream.reset()
    assert [moment.end for moment in stream.push(SAMPLES[:WINDOW])] == [WINDOW]


@pytest.mark.parametrize(
    ("settings", "pattern"),
    [({"hop": 0}, "hop .*0 .*window .*12 "), ({"hop": 1, "window": 0}, "window .*0 ")],
)
def test_settings_that_are_refused(settings: dict[str, int], pattern: str, conformance: Path) -> None:
    with pytest.raises(InputError, match=pattern):
        Stream(load(conformance / "mono.edge"), **settings)  # type: ignore[arg-type]


def test_what_cannot_be_streamed(conformance: Path) -> None:
    with pytest.raises(InputError, match=r"audio .*series"):
        Stream(load(conformance / "good.edge"), hop=1)
    stream = Stream(load(conformance / "mono.edge"), hop=1)
    for values in (np.zeros((2, 3)), ["a"], 1.0, np.zeros((1, 1, 1))):
        with pytest.raises(InputError, match=r"\[1, time\]"):
            stream.push(values)
