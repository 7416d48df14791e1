from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edgeattn.report.example import example
from edgeattn.source.handover import Handover
from edgeattn_runtime.errors import ModelError


def test_either_answers_in_the_owners_words(folder: Path, handed: Handover) -> None:
    found = example(folder, handed)
    assert found is not None
    assert found.pytorch == found.bundle
    assert found.bundle.startswith("tags ")


def test_without_such_words_there_is_none(folder: Path, handed: Handover) -> None:
    assert example(folder, replace(handed, pretty=None)) is None


def test_words_that_fail_are_told_in_a_line(folder: Path, handed: Handover) -> None:
    with pytest.raises(ModelError, match=r"pretty\(outputs\) failed: KeyError: 'words'"):
        example(folder, replace(handed, pretty=lambda outputs: str(outputs["words"])))
