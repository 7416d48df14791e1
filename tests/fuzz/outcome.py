"""What a fuzzer did in its time, by what libFuzzer tells of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

COLUMNS = ("tried", "refused", "wrong", "crashed", "over time", "over memory", "coverage", "seconds")

_EXECUTED = re.compile(r"stat::number_of_executed_units: +(\d+)")
_PROGRESS = re.compile(r"^#(\d+)\s+\w+\s+cov: (\d+) ft: (\d+)", re.MULTILINE)
_FINDS = {  # in order: what libFuzzer says of a find, or the fuzzer itself
    "over time": re.compile(r"over time|libFuzzer: timeout"),
    "over memory": re.compile(r"over memory|libFuzzer: out-of-memory"),
    "wrong": re.compile(r"\bwrong: "),
}
_WORDS = re.compile(
    r"^(?:==\d+== ?ERROR: .*|==\d+== Uncaught Exception: .*|.*runtime error: .*|wrong: .*|"
    r"over (?:time|memory).*|[\w.]*(?:Error|Exception)\b.*)$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run of a fuzzer.

    Attributes:
        name: Such as "python/manifest".
        log: What libFuzzer and the fuzzer printed.
        code: The exit code.
        refused: How many inputs were refused in one line.
        seconds: That it took.
        repeat: The command that reads the last find again.
    """

    name: str
    log: str
    code: int
    refused: int
    seconds: float
    repeat: str

    @property
    def tried(self) -> int:
        """How many inputs it read."""
        counts = [int(match[1]) for match in _EXECUTED.finditer(self.log)]
        counts += [int(match[1]) for match in _PROGRESS.finditer(self.log)]
        return max(counts, default=0)

    @property
    def coverage(self) -> int:
        """How many features of the code were reached: edges by how often they were taken."""
        return max((int(match[3]) for match in _PROGRESS.finditer(self.log)), default=0)

    @property
    def kind(self) -> str | None:
        """The column of its find; None where it has none."""
        if self.code == 0 and self.tried:
            return None
        return next((kind for kind, words in _FINDS.items() if words.search(self.log)), "crashed")

    @property
    def ok(self) -> bool:
        """Whether it ran, and found nothing."""
        return self.kind is None

    @property
    def find(self) -> str:
        """What it found, in a line."""
        words = _WORDS.findall(self.log)
        return words[0] if words else f"exit code {self.code}: {' '.join(self.log.splitlines()[-1:])}"

    @property
    def numbers(self) -> tuple[int, ...]:
        """The table's row."""
        finds = (int(self.kind == column) for column in COLUMNS[2:6])
        return (self.tried, self.refused, *finds, self.coverage, round(self.seconds))

    @property
    def counts(self) -> dict[str, object]:
        """The same by name."""
        names = (column.replace(" ", "_") for column in COLUMNS)
        return {"name": self.name, **dict(zip(names, self.numbers, strict=True))}

    @property
    def line(self) -> str:
        """What is told as soon as it ends."""
        found = "nothing found" if self.ok else f"{self.kind}: {self.find}"
        return f"{self.name}: {self.tried:,} inputs, {self.refused:,} refused, {found}"
