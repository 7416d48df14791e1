"""A planted fault is found, and told by its kind; a reader without one passes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import fuzzers

PLANTED = {
    "wrong": "assert False, 'wrong: read otherwise'",
    "crashed": "raise IndexError('beyond the end')",
    "over time": "while time.process_time() - started < 1.1: pass",
    "over memory": "bytes(range(256)) * (300 * 4096)",
}
SOURCE = """
import time
from fuzzing import fuzz

def read(content):
    started = time.process_time()
    if content == b"fault":
        {fault}
    raise ValueError("refused")

fuzz(read, ValueError)
"""


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> fuzzers.Language:
    """A language of one fuzzer, which is written to the folder of its test."""
    pytest.importorskip("atheris", reason="atheris has wheels for Linux on x86-64 alone")
    monkeypatch.setattr(fuzzers, "BUILD", tmp_path)
    monkeypatch.setattr(fuzzers, "seeds_of", lambda subject: [b"fault", b"none"])
    return fuzzers.Language(
        "planted", "", [], lambda subject: (sys.executable, tmp_path / f"fuzz_{subject}.py")
    )


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_fault_is_found(kind: str, planted: fuzzers.Language, tmp_path: Path) -> None:
    (tmp_path / "fuzz_fault.py").write_text(SOURCE.format(fault=PLANTED[kind]), "utf-8")
    outcome = fuzzers.Fuzzer(planted, "planted/fault").run(fuzzers.Limit(seconds=20))
    assert outcome.kind == kind, outcome.log
    (find,) = (tmp_path / "finds" / "planted" / "fault").iterdir()
    assert find.read_bytes() == b"fault"
    assert str(find) in outcome.repeat


def test_a_reader_that_refuses_passes(planted: fuzzers.Language, tmp_path: Path) -> None:
    (tmp_path / "fuzz_fault.py").write_text(SOURCE.format(fault="pass"), "utf-8")
    outcome = fuzzers.Fuzzer(planted, "planted/fault").run(fuzzers.Limit(seconds=1))
    assert outcome.ok, outcome.log
    assert 0 < outcome.refused <= outcome.tried


def test_as_many_inputs_as_asked_for_are_the_same_in_every_run(
    planted: fuzzers.Language, tmp_path: Path
) -> None:
    keeps = "open('inputs', 'ab').write(content)"
    (tmp_path / "fuzz_fault.py").write_text(SOURCE.format(fault="pass").replace("raise", f"{keeps}; raise"))
    runs = []
    for _ in range(2):
        outcome = fuzzers.Fuzzer(planted, "planted/fault").run(fuzzers.Limit(inputs=500))
        assert outcome.ok, outcome.log
        assert outcome.tried == 500
        runs.append((tmp_path / "inputs").read_bytes())
        (tmp_path / "inputs").unlink()
    assert runs[0] == runs[1]
