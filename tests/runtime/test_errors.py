from __future__ import annotations

import re

import pytest

from edgeattn_runtime import errors
from edgeattn_runtime.legible import one_line, printable, shortened


def _tree(root: type[errors.EdgeAttnError]) -> set[str]:
    return {root.__name__}.union(*(_tree(child) for child in root.__subclasses__()))


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn = re.findall(r"^    [│├└─ ]*([A-Z]\w+)", errors.__doc__ or "", re.MULTILINE)
    assert len(drawn) == len(set(drawn))
    assert set(drawn) == {name for name in _tree(errors.EdgeAttnError) if hasattr(errors, name)}


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [(errors.InputError, 2), (errors.BundleError, 2), (errors.BudgetError, 2), (errors.CheckFailed, 1)],
)
def test_exit_codes(error: type[errors.EdgeAttnError], exit_code: int) -> None:
    assert error.exit_code == exit_code
    assert issubclass(error, errors.BadInput) == (exit_code == 2)


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


class _Installed:
    """A distribution, as pip wrote down where it came from."""

    def __init__(self, origin: str | None) -> None:
        self._origin = origin

    def read_text(self, name: str) -> str | None:
        assert name == "direct_url.json"
        return self._origin


@pytest.mark.parametrize(
    ("origin", "command"),
    [
        (None, "pip install 'edgeattn[text]'"),
        ('{"url": "file:///home/me/my%20code"}', "pip install 'edgeattn[text] @ file:///home/me/my%20code'"),
    ],
)
def test_an_extra_comes_from_where_the_package_came(
    origin: str | None, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.metadata.distribution", lambda _: _Installed(origin))
    assert errors.install_command("text") == command
