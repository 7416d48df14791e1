from __future__ import annotations

import pytest

from edgeattn_runtime.legible import one_line, printable, shortened


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a plain name, in ø and 文", "a plain name, in ø and 文"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\x9b2J", r"\x9b2J"),
        ("\u202ereversed", r"\u202ereversed"),
        ("two\nlines", "two\nlines"),
        ("half a pair \ud800", r"half a pair \ud800"),
    ],
)
def test_what_commands_a_terminal_is_escaped(text: str, escaped: str) -> None:
    assert printable(text) == escaped


@pytest.mark.parametrize("length", [0, 9, 10, 11, 12, 100])
def test_a_long_text_loses_its_middle(length: int) -> None:
    text = "a" * (length // 2) + "z" * (length - length // 2)
    short = shortened(text, 10)
    assert len(short) <= 10
    assert (short == text) == (length <= 10)
    assert short[:1] == text[:1]
    assert short[-1:] == text[-1:]


def test_a_line() -> None:
    assert one_line("  two\r\n\x07lines  ", 100) == r"two \x07lines"
    assert len(one_line("\x1b" * 1000, 300)) == 300
