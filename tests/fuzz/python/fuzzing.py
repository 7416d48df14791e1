"""What every fuzzer of Python does with an input: it is read or refused, within a time and a memory.

    EDGEATTN_FUZZ_REFUSALS=FILE python fuzz_manifest.py CORPUS -max_total_time=60

atheris (https://github.com/google/atheris) drives libFuzzer: see its options there.
"""

from __future__ import annotations

import os
import struct
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from json import dumps, loads
from pathlib import Path
from random import Random
from typing import NoReturn

import atheris
from json_mutation import change

SECONDS = 1.0  # of the processor
KILOBYTES = 256 * 1024  # beyond what any input before it took
LONGEST = 2000  # characters of a refusal
_DEEPEST = 100  # brackets: JSON that is nested deeper is mutated as bytes

Read = Callable[[bytes], object]


class Refusals:
    """Counts refusals in the file that EDGEATTN_FUZZ_REFUSALS names: the number outlives the process."""

    def __init__(self) -> None:
        name = os.environ.get("EDGEATTN_FUZZ_REFUSALS", os.devnull)
        self._file = os.open(name, os.O_WRONLY | os.O_CREAT, 0o644)
        self._count = 0

    def add(self, refusal: Exception) -> None:
        """Count one, which is a line that any terminal may show."""
        self._count += 1
        text = str(refusal)
        assert text.isprintable(), f"wrong: a refusal of no printable line: {text!r}"
        assert len(text) <= LONGEST, f"wrong: a refusal of {len(text)} characters"
        os.pwrite(self._file, struct.pack("<Q", self._count), 0)


def fuzz(read: Read, refusal: type[Exception], *, json: bool = False) -> NoReturn:
    """Read whatever libFuzzer makes, until its options end that.

    Args:
        read: Reads an input. What it raises but a refusal is a find, as is what takes too much.
        refusal: What it may raise.
        json: Whether inputs are JSON, and are mutated value by value.
    """
    refusals = Refusals()
    warnings.simplefilter("ignore")

    def read_within_limits(content: bytes) -> None:
        seconds, kilobytes = time.process_time(), _peak()
        try:
            read(content)
        except refusal as error:
            refusals.add(error)
        assert time.process_time() - seconds <= SECONDS, "over time"
        assert _peak() - kilobytes <= KILOBYTES, "over memory"

    if json:
        atheris.Setup(sys.argv, read_within_limits, custom_mutator=_mutated)
    else:
        atheris.Setup(sys.argv, read_within_limits)
    atheris.Fuzz()
    raise SystemExit


def scratch_file(name: str) -> Path:
    """Return where a reader of files finds its input."""
    return Path(tempfile.mkdtemp(prefix="edgeattn-fuzz-")) / name


def _peak() -> int:
    """Return the most kilobytes that this program has had; getrusage would begin with those of its parent."""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return int(status.partition("VmHWM:")[2].split(maxsplit=1)[0])


def _mutated(data: bytes, most: int, seed: int) -> bytes:
    """Return an input made of another, of at most so many bytes."""
    draw = Random(seed)
    if draw.random() < 0.25 or _is_deep(data):
        return atheris.Mutate(data, most)
    try:
        root = loads(data)
    except ValueError:
        return atheris.Mutate(data, most)
    if not change(root, draw):
        return atheris.Mutate(data, most)
    text = dumps(root, ensure_ascii=draw.random() < 0.5, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )
    return text if len(text) <= most else atheris.Mutate(data, most)


def _is_deep(data: bytes) -> bool:
    depth = deepest = 0
    for letter in data:
        depth += (letter in b"[{") - (letter in b"]}")
        deepest = max(deepest, depth)
    return deepest > _DEEPEST
