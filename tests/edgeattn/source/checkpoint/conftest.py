"""Data of all kinds; the folder is no package: its modules are found as scripts are."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import sample_files


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """Texts, one a line."""
    return sample_files.lines(tmp_path / "x.txt")


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    return sample_files.reviews(tmp_path / "reviews.csv")


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return sample_files.images(tmp_path / "images")
