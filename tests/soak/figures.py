"""What a soak found, as one table, and what of it must not be there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from rich.console import Console
from rich.table import Table

REFUSED, ACCEPTED = "refused", "accepted"
WRONG, CRASHED, OVER_TIME, OVER_MEMORY = "wrong", "crashed", "over_time", "over_memory"
BAD: Final = (WRONG, CRASHED, OVER_TIME, OVER_MEMORY)
GROWTH: Final = 0.02  # of resident memory, from the end of the warm-up on

Cells = tuple[str, ...]


class Row(Protocol):
    """One line of the table.

    Attributes:
        heading: What stands above its cells; rows with the same heading stand together.
    """

    heading: Cells

    def cells(self) -> Cells:
        """Return what the table shows of it."""

    def faults(self) -> Iterator[str]:
        """Yield, in words, what must not be there."""


@dataclass
class BadInputs:
    """Bad inputs of one kind.

    Attributes:
        name: The kind.
        tried: How many.
        refused: Those that were refused by an error of edgeattn's own.
        bad: The others that were not answered rightly, by one of ``BAD``.
        words: Of the first ones, what was said.
    """

    name: str
    tried: int = 0
    refused: int = 0
    bad: Counter[str] = field(default_factory=Counter)
    words: list[str] = field(default_factory=list)
    heading: Cells = (
        "bad inputs",
        "tried",
        "refused cleanly",
        "wrong",
        "crashed",
        "over time",
        "over memory",
    )

    def note(self, outcome: str, words: str) -> None:
        """Count what became of one input."""
        self.tried += 1
        if outcome in BAD:
            self.bad[outcome] += 1
            self.words.append(f"{outcome}: {words}")
        elif outcome == REFUSED:
            self.refused += 1

    def cells(self) -> Cells:
        """Return the counts."""
        counts = (self.tried, self.refused, *(self.bad[kind] for kind in BAD))
        return self.name, *(f"{count:,}" for count in counts)

    def faults(self) -> Iterator[str]:
        """Yield what is in a bad column, and a kind of which nothing was tried."""
        if not self.tried:
            yield f"{self.name}: nothing was tried"
        for kind, count in self.bad.items():
            words = next((each for each in self.words if each.startswith(kind)), "")
            yield f"{self.name}: {count} {words or kind}"


@dataclass
class Faults:
    """Faults of one kind.

    Attributes:
        name: The kind.
        injected: How many.
        lost: In words, each that was not survived.
    """

    name: str
    injected: int = 0
    lost: list[str] = field(default_factory=list)
    heading: Cells = ("faults", "injected", "survived")

    def note_lost(self, words: Sequence[str]) -> None:
        """Note what a fault spoiled, if anything."""
        if words:
            self.lost.append("; ".join(words))

    def cells(self) -> Cells:
        """Return the counts."""
        return self.name, f"{self.injected:,}", f"{self.injected - len(self.lost):,}"

    def faults(self) -> Iterator[str]:
        """Yield what was lost."""
        if not self.injected:
            yield f"{self.name}: nothing was injected"
        for words in self.lost:
            yield f"{self.name}: {words}"


@dataclass
class Life:
    """A process that goes on for long.

    Attributes:
        name: What it does.
        inferences: How many it made.
        loads: How many models it loaded and closed.
        resident: Bytes after its warm-up.
        grown: Bytes that were resident at its end beyond those.
        descriptors: File descriptors that it had at its end beyond those after its warm-up.
        threads: The same of threads.
    """

    name: str
    inferences: int
    loads: int
    resident: int
    grown: int
    descriptors: int
    threads: int
    heading: Cells = (
        "long life",
        "inferences",
        "loads",
        "resident MB",
        "leaked bytes",
        "more files",
        "more threads",
    )

    @property
    def leaked(self) -> int:
        """The growth, where it is more than an allocator's own."""
        return self.grown if self.grown > GROWTH * self.resident else 0

    def cells(self) -> Cells:
        """Return the counts."""
        counts = (self.inferences, self.loads, self.resident // 10**6, self.leaked)
        return self.name, *(f"{count:,}" for count in (*counts, self.descriptors, self.threads))

    def faults(self) -> Iterator[str]:
        """Yield what has grown."""
        if not self.inferences:
            yield f"{self.name}: nothing was run"
        if self.leaked:
            yield f"{self.name}: {self.leaked:,} bytes leaked, {self.leaked / self.resident:.1%}"
        for what, count in (("file descriptors", self.descriptors), ("threads", self.threads)):
            if count > 0:
                yield f"{self.name}: {count} {what} more at the end"


@dataclass
class Threads:
    """One model, called by many threads.

    Attributes:
        name: Of the model, and the verb.
        threads: How many.
        calls: That they made together.
        mismatches: Answers that were not, to the bit, those of one thread.
    """

    name: str
    threads: int
    calls: int
    mismatches: int
    heading: Cells = ("one model, many threads", "threads", "calls", "mismatches")

    def cells(self) -> Cells:
        """Return the counts."""
        return self.name, f"{self.threads}", f"{self.calls:,}", f"{self.mismatches:,}"

    def faults(self) -> Iterator[str]:
        """Yield mismatches."""
        if not self.calls:
            yield f"{self.name}: nothing was called"
        if self.mismatches:
            yield f"{self.name}: {self.mismatches} answers unlike those of one thread"


def printed(rows: Sequence[Row], title: str, console: Console) -> None:
    """Print all rows as one table, those with one heading together."""
    table = Table(title=title, show_header=False, title_justify="left")
    width = max(len(row.heading) for row in rows)
    for index in range(width):
        table.add_column(justify="right" if index else "left", no_wrap=True)
    above: Cells = ()
    for row in rows:
        if row.heading != above:
            above = row.heading
            table.add_section()
            table.add_row(*above, *[""] * (width - len(above)), style="bold")
        table.add_row(*row.cells())
    console.print(table)


def faults_of(rows: Sequence[Row]) -> list[str]:
    """Return, in words, all that must not be there."""
    return [words for row in rows for words in row.faults()]
