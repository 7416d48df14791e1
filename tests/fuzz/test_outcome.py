"""What a fuzzer did is told from what libFuzzer prints; a fuzzer that read nothing has not passed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from outcome import Outcome

DONE = """#2	INITED cov: 2 ft: 2 corp: 1/1b exec/s: 0 rss: 156Mb
#9397	DONE   cov: 6 ft: 8 corp: 3/4b lim: 74 exec/s: 8203 rss: 165Mb
Done 9397 runs in 1 second(s)
stat::number_of_executed_units: 9397
"""


def outcome(log: str, code: int = 77) -> Outcome:
    return Outcome(name="python/x", log=log, code=code, refused=9000, seconds=1.2, repeat="x")


def test_a_run_without_finds_passes() -> None:
    passed = outcome(DONE, code=0)
    assert passed.ok
    assert passed.counts == {
        "name": "python/x",
        "tried": 9397,
        "refused": 9000,
        "wrong": 0,
        "crashed": 0,
        "over_time": 0,
        "over_memory": 0,
        "coverage": 8,
        "seconds": 1,
    }


@pytest.mark.parametrize(
    ("words", "kind", "find"),
    [
        (
            "AssertionError: wrong: read otherwise by C++",
            "wrong",
            "AssertionError: wrong: read otherwise by C++",
        ),
        ("==12== ERROR: libFuzzer: timeout after 20 seconds", "over time", "timeout after 20 seconds"),
        ("over time\n==12== ERROR: libFuzzer: deadly signal", "over time", "over time"),
        (
            "==1==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x1",
            "crashed",
            "heap-buffer-overflow",
        ),
        ("==12== ERROR: libFuzzer: out-of-memory (malloc(536870913))", "over memory", "malloc"),
        ("==21296== Uncaught Exception: Error: found", "crashed", "Error: found"),
        ("pyo3_runtime.PanicException: index out of bounds", "crashed", "PanicException"),
        ("Segmentation fault", "crashed", "exit code 77: Segmentation fault"),
    ],
)
def test_a_find_is_told_by_its_kind(words: str, kind: str, find: str) -> None:
    failed = outcome(f"#5	NEW    cov: 2 ft: 3 corp: 1/1b\n{words}\n")
    assert failed.kind == kind
    assert find in failed.find
    assert failed.tried == 5
    assert failed.counts[kind.replace(" ", "_")] == 1


def test_a_fuzzer_that_read_nothing_has_not_passed() -> None:
    assert outcome("ModuleNotFoundError: No module named 'atheris'", code=1).kind == "crashed"
    assert outcome("", code=0).kind == "crashed"
