from __future__ import annotations

import signal
from pathlib import Path

from hub.leading import ended
from hub.outcome import Family, Outcome, Record, read

FAMILY = Family("timm", "beit")


def test_a_record_is_kept_as_it_goes(tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    record = Record(FAMILY, file)
    assert read(file) == Outcome(family=FAMILY, fate="crashed", stage="build")  # should its process die now
    record.note(fate="passing", inputs=("x",), error=1e-7)
    assert read(file) == record.outcome == Outcome(family=FAMILY, fate="passing", inputs=("x",), error=1e-7)


def test_time_memory_and_crashes_are_told_apart() -> None:
    left = Outcome(family=FAMILY, stage="recover")
    assert ended(left, 0) is left
    found = [ended(left, code) for code in (-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGSEGV)]
    assert {(outcome.fate, outcome.stage) for outcome in found} == {("crashed", "recover")}
    for outcome, word in zip(found, ("time-out", "memory", "code -11"), strict=True):
        assert word in outcome.reason
