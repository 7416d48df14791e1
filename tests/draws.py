"""The draw of numeric tests: one option, ``--draw N``, moves the seeds of all of them.

Other numbers round otherwise, as other machines do. A test is marked ``drawn`` where its module, that of a
fixture, or one that these import takes its seeds from ``drawn_seed``.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent
STRIDE = 1_000_003  # more than any two seeds of tests lie apart

_draws: list[int] = []  # the one of this run


def choose(draw: int) -> None:
    """Take the draw of this run, before a test module is imported."""
    _draws[:] = [draw]


def drawn_seed(seed: int) -> int:
    """Return the seed to take for ``seed``: itself in draw 0.

    Raises:
        RuntimeError: No draw is chosen yet, as where a conftest draws while it is imported.
    """
    if not _draws:
        raise RuntimeError("the draw is not known yet: draw in a fixture, not where a conftest is imported")
    return seed + STRIDE * _draws[0]


def is_drawn(item: pytest.Function) -> bool:
    """True if numbers of a test, or of a fixture that it uses, may depend on the draw."""
    fixtures = (each.func for found in item._fixtureinfo.name2fixturedefs.values() for each in found)
    return any(_reaches_seeds(function.__module__) for function in (item.function, *fixtures))


@cache
def _reaches_seeds(module: str) -> bool:
    """True if a module of the tests imports ``drawn_seed``, or what another one defines that does."""
    reached, waiting = set(), [module]
    while waiting:
        name = waiting.pop()
        file = getattr(sys.modules.get(name), "__file__", None) or ""
        if name in reached or name == __name__ or HERE not in Path(file).parents:
            continue
        reached.add(name)
        names = vars(sys.modules[name])
        if any(value is drawn_seed for value in names.values()):
            return True
        waiting += {str(getattr(value, "__module__", "")) for value in names.values()}
    return False
