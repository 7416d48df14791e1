"""A server of real sockets; the folder is no package, so that its modules are found as scripts are."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from running import Running, running


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    """A server of a page and of one large file."""
    with running(tmp_path) as started:
        yield started
