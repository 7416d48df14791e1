from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from edgeattn_runtime.device import steadiness
from edgeattn_runtime.device.steadiness import Reading, Watch


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "reference.json"


def test_the_fastest_reference_call_is_kept_for_the_next_process(kept: Path) -> None:
    watch = Watch(kept)
    readings = [watch.read() for _ in range(3)]
    assert watch.best == min(reading.milliseconds for reading in readings)
    assert Watch(kept).best == watch.best


def test_that_of_another_start_of_the_system_counts_for_nothing(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Watch(kept).read()
    monkeypatch.setattr(steadiness, "_boot", lambda: "another")
    assert Watch(kept).best == math.inf


@pytest.mark.parametrize("text", ["", "[1]", '{"best": 1}', '{"boot": "own", "best": "x"}'])
def test_a_file_of_something_else_counts_for_nothing(
    kept: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(steadiness, "_boot", lambda: "own")
    kept.write_text(text)
    assert Watch(kept).best == math.inf


def test_a_slower_device_shows_by_its_best(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steadiness, "_boot", lambda: "own")
    kept.write_text(json.dumps({"boot": "own", "best": 1.0}))
    before, after = Reading(0.0, 2.0, 0.0), Reading(9.0, 3.0, 7.0)
    assert Watch(kept).steadiness(before, after) == {
        "began": 0.0,
        "ended": 9.0,
        "before": 2.0,
        "after": 3.0,
        "best": 1.0,
        "slept": 7.0,
    }
