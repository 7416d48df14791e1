"""An attention map on a terminal: all its numbers, in tables as wide as the terminal."""

from __future__ import annotations

import numpy as np
import pytest
from rich.console import Console

from edgeattn.report.attention_table import attention_parts

TOKENS = ("[CLS]", "the", "unbelievable", "cat")
WEIGHTS = np.array([[0.62, 0.02, 0.16, 0.2], [0.25] * 4, [0, 0, 1, 0], [0.06, 0.34, 0.3, 0.3]])


def printed(width: int) -> list[str]:
    console = Console(width=width, markup=False, highlight=False)
    with console.capture() as capture:
        for part in attention_parts("a, head 0", WEIGHTS, TOKENS, TOKENS, width=width):
            console.print(part)
    return [line.rstrip() for line in capture.get().splitlines()]


def test_each_row_has_its_shades_and_percentages() -> None:
    title, header, *rows = printed(80)
    assert title == "a, head 0"
    assert header.split() == list(TOKENS)
    assert [row.split() for row in rows] == [
        ["[CLS]", "█", "62", "2", "▒", "16", "▒", "20"],
        ["the", *["▒", "25"] * 3, "▒", "25"],
        ["unbelievable", "0", "0", "█100", "0"],
        ["cat", "░", "6", "▓", "34", "▓", "30", "▓", "30"],
    ]


@pytest.mark.parametrize("width", [28, 30, 36])
def test_keys_that_find_no_room_go_on_below(width: int) -> None:
    lines = printed(width)
    assert max(map(len, lines)) <= width
    headers = [line for line in lines if line.startswith(" ")]
    assert " ".join(headers).split() == list(TOKENS)
    assert len(lines) == 1 + len(headers) * (1 + len(TOKENS))
