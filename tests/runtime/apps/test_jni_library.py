"""The shared library of Kotlin as a store takes it: pages of 16 kB, and nothing beyond its own."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

PAGE = 16384  # of devices that Google Play asks apps to run on since November 2025


def _printed(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_segments_are_aligned_to_pages_of_16_kb(jni_library: Path) -> None:
    alignments = re.findall(r"^  LOAD .* (0x\w+)$", _printed("readelf", "-lW", jni_library), re.MULTILINE)
    assert alignments
    assert all(int(alignment, 16) % PAGE == 0 for alignment in alignments)


def test_only_what_a_jvm_looks_up_is_exported(jni_library: Path) -> None:
    lines = _printed("nm", "-D", "--defined-only", jni_library).splitlines()
    names = {line.split()[-1] for line in lines}
    assert names
    assert all(name.startswith("Java_edgeattn_") or name == "JNI_OnLoad" for name in names)


def test_no_library_of_hashes_is_needed(jni_library: Path) -> None:
    needed = re.findall(r"NEEDED.*\[(.+)\]", _printed("readelf", "-dW", jni_library))
    assert not [name for name in needed if "crypto" in name or "ssl" in name]
