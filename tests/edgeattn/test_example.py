from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edgeattn.bundle import Bundle
from edgeattn.example import example
from edgeattn.source.module import ModuleSource
from edgeattn_runtime.errors import ModelError


def test_either_answers_in_the_users_words(folder: Path, source: ModuleSource) -> None:
    found = example(folder, source)
    theirs, ours = found.pytorch.split(), found.bundle.split()
    assert theirs[0] == ours[0] == "tags"
    assert sum(a == b for a, b in zip(theirs, ours, strict=True)) > len(theirs) / 2


def test_without_such_words_there_is_none(folder: Path, source: ModuleSource) -> None:
    assert example(folder, replace(source, pretty=None)) is None


def test_a_sample_beyond_the_largest_bucket_is_passed_over(
    bundle: Bundle, source: ModuleSource, tmp_path: Path
) -> None:
    (variant,) = bundle.manifest.variants
    lengths = [sample.inputs["tokens"].shape[1] for sample in source.read().split().evaluation]
    longest = lengths[-1] - 1
    assert lengths[-1] == max(lengths)
    fixed = replace(variant, sizes={"batch": 1, "sequence": longest}, stacks=())
    packed = replace(bundle.packed, manifest=replace(bundle.manifest, variants=(fixed,)))
    found = example(Bundle(bundle.reports, packed).save(tmp_path / "fixed.edge"), source)
    _, *tags = found.bundle.split()
    assert len(tags) == [length for length in lengths if length <= longest][-1]


def test_words_that_fail_are_told_in_a_line(folder: Path, source: ModuleSource) -> None:
    with pytest.raises(ModelError, match=r"pretty\(outputs\) .*KeyError: 'words'"):
        example(folder, replace(source, pretty=lambda outputs: str(outputs["words"])))
