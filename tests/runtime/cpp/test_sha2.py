"""SHA-2 beside hashlib's: by this CPU's instructions, without them, and of 64 bits."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize("build", ["gcc", "clang"])
def test_hashes_are_those_of_hashlib(build: str, run: Run, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(build)
    texts = [bytes(7 * place % 256 for place in range(length)) for length in range(301)]
    algorithms = (hashlib.sha256, hashlib.sha256, hashlib.sha512)
    expected = [algorithm(text).hexdigest() for text in texts for algorithm in algorithms]
    assert run(folder / "tests" / "edgeattn-sha2").stdout.splitlines() == expected
