"""What became of a family: the record that its process leaves, of which a line of the table is made."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

Fate = Literal["passing", "inexact", "refused", "crashed", "no attention", "not built"]


@dataclass(frozen=True, slots=True)
class Family:
    """A family of models, by the name that its library gives it."""

    library: str
    name: str

    def __str__(self) -> str:
        return f"{self.library}:{self.name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """One family.

    Attributes:
        family: Which.
        fate: What became of it; "crashed" while its process is at work.
        stage: The last that was begun.
        reason: Why it did not pass; or, where it did, why attention was not kept whole.
        inputs: What its forward was given, by name.
        attentions: That PyTorch computes in one call.
        whole: Attention operators in the graph.
        error: The float graph's largest, as a share of the output's largest number.
        cosine: The lowest of an int8 output to PyTorch's.
        searched: Whether its recipe is one that the search found; plain int8 otherwise.
        cache: "yes", or why a decoder has none; empty for other models.
        seconds: Of CPU time.
    """

    family: Family
    fate: Fate = "crashed"
    stage: str = "build"
    reason: str = ""
    inputs: tuple[str, ...] = ()
    attentions: int = 0
    whole: int = 0
    error: float | None = None
    cosine: float | None = None
    searched: bool = False
    cache: str = ""
    seconds: float = 0.0

    @property
    def is_whole(self) -> bool:
        """Whether each attention became one operator."""
        return self.attentions > 0 and self.whole == self.attentions


class Record:
    """A family's outcome so far, kept in a file: also of a process that dies, it tells the stage."""

    def __init__(self, family: Family, file: Path) -> None:
        self.outcome = Outcome(family=family)
        self._file = file
        self.note()

    def note(self, **changes: Any) -> None:
        """Change the outcome, and keep it."""
        self.outcome = replace(self.outcome, **changes)
        write(self.outcome, self._file)


def write(outcome: Outcome, file: Path) -> None:
    """Keep an outcome in a file, whole or not at all."""
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(outcome), indent=1) + "\n", encoding="utf-8")
    partial.replace(file)


def read(file: Path) -> Outcome:
    """Read an outcome from a file."""
    kept = json.loads(file.read_text(encoding="utf-8"))
    return Outcome(**{**kept, "family": Family(**kept["family"]), "inputs": tuple(kept["inputs"])})
