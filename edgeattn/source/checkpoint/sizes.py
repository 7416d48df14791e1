"""Sizes in a config.json, bounded before a network is built of them: a billion layers are ten bytes there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from edgeattn.source.checkpoint.own_files import read_json

MODULES: Final = 2**10  # of a kind, such as layers, heads or experts: each takes time to build
NUMBERS: Final = 2**24  # along a dim, as of a vocabulary
LABELS: Final = ("label2id", "id2label")  # whose keys are anyone's words
_MODULES = re.compile(
    r"(?:^|_)n?_?(?:layer|block|depth|stage|expert|head|group|level|codebook|stack)s?(?:_num)?$"
)
_NUMBERS = re.compile(
    r"size|dim|width|channel|position|feature|label|class|vocab|window|kernel|patch|embed|rank|inner|ffn"
)


def read_config(file: Path) -> Any:
    """Read a config.json.

    Raises:
        ValueError: A number of modules in it is beyond ``MODULES``, or a size beyond ``NUMBERS``.
    """
    config = read_json(file)
    for key, number in _numbers("", config):
        most = MODULES if _MODULES.search(key) else NUMBERS if _NUMBERS.search(key) else number
        if number > most:
            raise ValueError(f"{file.name}: {key} {number:,} found, at most {most:,} expected; correct it")
    return config


def _numbers(key: str, value: object) -> Iterator[tuple[str, int | float]]:
    """Yield each number in a value with the key under which it stands."""
    if isinstance(value, dict):
        for name, each in value.items():
            if name not in LABELS:
                yield from _numbers(name, each)
    elif isinstance(value, list):
        for each in value:
            yield from _numbers(key, each)
    elif isinstance(value, int | float):
        yield key, value
