"""What the machine lacks is said by the core as such, and a load works again where there is enough."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

CONFORMANCE = Path(__file__).parents[3] / "runtime" / "conformance" / "build"
SHORT_OF = Path(__file__).with_name("short_of.py")
RESOURCE_ERROR = 5

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.skipif(sys.platform != "linux", reason="limits of a process as Linux keeps them")
@pytest.mark.parametrize(
    ("limit", "value", "lack"),
    [
        ("RLIMIT_NOFILE", 3, "file descriptors"),
        ("RLIMIT_AS", 1 << 20, "memory"),
        ("RLIMIT_DATA", 1 << 20, "memory"),
    ],
)
def test_a_load_says_what_is_short(run: Run, gcc: Path, limit: str, value: int, lack: str) -> None:
    library, bundle = gcc / "tests" / "libedgeattn-shared.so", CONFORMANCE / "good.edge"
    refused, again = run(sys.executable, SHORT_OF, library, bundle, limit, str(value)).stdout.splitlines()
    assert refused.startswith(f"{RESOURCE_ERROR} {bundle}")
    assert f": out of {lack} (" in refused
    assert again == "0"
