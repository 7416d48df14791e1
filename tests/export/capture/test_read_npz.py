from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeattn_export.capture.read_samples import read_npz
from edgeattn_runtime.errors import BadInput

WIDTH = 16


def test_samples_may_be_stacked(tmp_path: Path) -> None:
    np.savez(tmp_path / "stack.npz", x=np.ones((4, 3, WIDTH), np.float32))
    assert [sample.inputs["x"].shape for sample in read_npz(tmp_path / "stack.npz")] == [(1, 3, WIDTH)] * 4


def test_a_file_that_is_no_npz_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_text("not this")
    with pytest.raises(BadInput, match=r"x\.npz: "):
        read_npz(tmp_path / "x.npz")
