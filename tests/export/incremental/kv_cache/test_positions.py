from __future__ import annotations

from collections.abc import Callable

import pytest

from edgeattn_export.incremental import Steps

LONGEST = 32


@pytest.mark.parametrize(
    ("name", "positions"),
    [
        ("learned", LONGEST),  # a table looked up by the positions
        ("offset", LONGEST - 2),  # the same, its first two rows left out
        ("indexed", LONGEST),  # by a number a token of each row
        ("cut", LONGEST),  # a table cut to the length
        ("relative", None),  # a table of 6 distances serves any length
        ("alibi", None),
        ("alibi from the end", LONGEST),  # a table cut to its last rows and columns
        ("alibi picked", LONGEST),  # the same, indexed by rows and columns
        ("rotary", None),
        ("translation", LONGEST),
    ],
)
def test_the_longest_text_is_known(
    name: str, positions: int | None, steps_of: Callable[[str], Steps]
) -> None:
    steps = steps_of(name)
    assert steps.positions == positions
    assert steps.symbols["capacity"].max == positions
