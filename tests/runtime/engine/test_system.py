from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgeattn_runtime.engine import system
from edgeattn_runtime.engine.system import available_memory_mb, peak_memory_mb

MB = 1_000_000

PEAK = """
import numpy
from edgeattn_runtime.engine.system import peak_memory_mb
before = peak_memory_mb()
numpy.ones({size}, numpy.uint8)
print(before, peak_memory_mb())
"""

needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's own account is Linux's")


def _peaks(size: int) -> tuple[float, float]:
    run = subprocess.run(
        [sys.executable, "-c", PEAK.format(size=size)], capture_output=True, text=True, check=True
    )
    before, after = map(float, run.stdout.split())
    return before, after


def test_an_array_shows_in_the_peak_after_it_is_freed() -> None:
    before, after = _peaks(200 * MB)
    assert 190 < after - before < 210


@needs_proc
def test_what_the_parent_held_does_not_count() -> None:
    block = bytearray(b"x") * (400 * MB)
    before, _ = _peaks(1)
    assert before < len(block) / MB
    assert (peak_memory_mb() or 0) > len(block) / MB


def test_none_where_it_cannot_be_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(system, "MEMORY", tmp_path / "meminfo")
    monkeypatch.setattr(system, "OWN", tmp_path / "status")
    monkeypatch.setitem(sys.modules, "resource", None)
    assert peak_memory_mb() is None
    assert available_memory_mb() is None


@needs_proc
def test_available_is_less_than_the_machine_has() -> None:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / MB
    assert 0 < (available_memory_mb() or 0) < total


def test_available_is_what_the_kernel_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemFree: 9 kB\nMemAvailable:   2000 kB\n")
    monkeypatch.setattr(system, "MEMORY", tmp_path / "meminfo")
    assert available_memory_mb() == 2.048
