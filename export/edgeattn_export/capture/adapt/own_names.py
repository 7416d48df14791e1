"""A name of Python's own means another thing in a module's files, inside a block alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

_NOT_THEIRS = {"torch", __name__.partition(".")[0]}  # whose code is no model's


@contextmanager
def meaning(module: nn.Module, name: str, value: object) -> Iterator[None]:
    """Give a name to the files of the packages that a module's classes come from, where they have it not.

    Args:
        module: Whose parts' classes are looked at; those of PyTorch are left alone.
        name: Of Python's own, such as ``int``.
        value: What it means inside the block.
    """
    packages = {type(part).__module__.partition(".")[0] for part in module.modules()} - _NOT_THEIRS
    files = [vars(file) for file_name, file in sys.modules.items() if file_name.partition(".")[0] in packages]
    named = [names for names in files if name not in names]
    for names in named:
        names[name] = value
    try:
        yield
    finally:
        for names in named:
            names.pop(name, None)
