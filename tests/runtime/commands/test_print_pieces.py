"""What a tokenizer holds reaches a file as it is, and a terminal without what would command it."""

from __future__ import annotations

import io

import pytest

from edgeattn_runtime.commands.generate import print_pieces

PIECES = ("caf\u00e9\t", "\x1b]0;title\x07", "\x9b2J\r\x7f", "\U0001f469\u200d\U0001f52c\n")


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("output", "printed"),
    [
        (io.StringIO(newline=""), "".join(PIECES)),
        (_Terminal(newline=""), "caf\u00e9\t\\x1b]0;title\\x07\\x9b2J\\x0d\\x7f\U0001f469\u200d\U0001f52c\n"),
    ],
    ids=["file", "terminal"],
)
def test_a_terminal_is_not_commanded(
    output: io.StringIO, printed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout", output)
    print_pieces(PIECES)
    assert output.getvalue() == printed
