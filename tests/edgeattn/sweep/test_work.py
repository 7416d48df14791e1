"""What a worker says of a model that it cannot name."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeattn.sweep.row import Model
from edgeattn.sweep.work import identify


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt: "),
        ("raise ValueError('no weights')", "ValueError: no weights"),
    ],
)
def test_whatever_its_file_raises_is_told_and_ends_no_worker(tmp_path: Path, code: str, named: str) -> None:
    file = tmp_path / "model.py"
    file.write_text(code)
    found = identify(Model(str(file)))
    assert found.identity is None
    assert named in found.reason
    assert "\n" not in found.reason
