"""NOTICE names every holder of a copyright in sources of others; tests of packages find it in each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = sorted(ROOT.glob("runtime/*/third_party/*/"))
HOLDER = re.compile(r"(?:Copyright \(c\)|SPDX-FileCopyrightText:) *[\d ,-]*(\w[^<.\n]*)")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_notice_names_every_holder(folder: Path) -> None:
    files = (file for file in folder.rglob("*") if file.is_file())
    texts = [file.read_text("utf-8") for file in files]
    holders = {found.strip() for text in texts for found in HOLDER.findall(text)}
    notice = (ROOT / "NOTICE").read_text("utf-8")
    assert holders
    assert [holder for holder in holders if holder not in notice] == []
