"""The commands of the pages: what their blocks of shell hold, and what stands as code in a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT, ROOT / "docs", ROOT / "models", ROOT / "runtime")
CHANGELOG = ROOT / "CHANGELOG.md"  # of what was
PAGES = sorted(
    {*(page for folder in FOLDERS for page in folder.glob("*.md")), *ROOT.glob("*/*/README.md")} - {CHANGELOG}
)

_BLOCK = re.compile(r"^```\w*\n(.*?)^```$|((?:^ {4}\S[^\n]*\n)+)", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"\s+# .*")
_PROGRAM = re.compile(
    r"(edgeattn(-run)?|python3?|pip|pytest|git|apt-get|make|npm|cmake|dask|gradle|adb|hf|swift|ssh(-\w+)?|scp|docker|cd|echo|export|sudo"
    r"|\.ci/\w+|runtime/[\w/.]+)\s"
)


@dataclass(frozen=True, order=True)
class Command:
    """A command, or several that follow one another by ``&&``, as a line of a page has them.

    Attributes:
        page: Relative to the top of the repository.
        line: Where it begins, from 1.
        text: Without the comment behind it; one that goes on in the next line is one line.
        in_block: Whether it stands in a block of its own, and so for a reader to copy.
    """

    page: str
    line: int
    text: str
    in_block: bool

    @property
    def parts(self) -> list[str]:
        """What ``&&`` joins."""
        return self.text.split(" && ")

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.text}"


def commands(page: Path) -> list[Command]:
    """Return the commands of a page, in order."""
    text = page.read_text("utf-8")
    prose = _BLOCK.sub(lambda block: "\n" * block[0].count("\n"), text)
    found = [(at, command, True) for block in _BLOCK.finditer(text) for at, command in _in_block(block)]
    found += [
        (prose.count("\n", 0, code.start()), command, False)
        for code in re.finditer(r"`([^`]+)`", prose)
        if _PROGRAM.match(command := " ".join(code[1].split()))
    ]
    name = str(page.relative_to(ROOT))
    return [Command(name, at + 1, command, in_block) for at, command, in_block in sorted(found)]


def _in_block(block: re.Match[str]) -> Iterator[tuple[int, str]]:
    """Yield the commands of a block whose first line is one, and how many lines stand before each."""
    inside = block[1] or block[2] or ""
    if not _PROGRAM.match(inside.lstrip()):
        return
    before = block.string.count("\n", 0, block.start(1 if block[1] else 2))
    for whole in re.finditer(r"(?:.*\\\n)*.+\n", inside):
        line = _COMMENT.sub("", re.sub(r"\\\n\s*", "", whole[0])).strip()
        if line:
            yield before + inside.count("\n", 0, whole.start()), line
