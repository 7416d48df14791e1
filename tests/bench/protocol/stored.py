"""What a race ends with for each peer, and what is kept of it as JSON: all that a table is printed from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Result:
    """What one peer did.

    Attributes:
        peer: Its name.
        variant: The fastest of its variants.
        tried: The median of every variant, in milliseconds, at a short look before the race.
        padded: Tokens to which its fixed shape pads; None where its shapes are dynamic.
        rounds: Milliseconds of every inference, by round.
        size: Bytes of what it exported.
        cosines: Of each evaluation sample, to PyTorch; empty where the peer's shape is too short for them.
        title: What a row of the README calls it.
        recall_at_10: Of the ten nearest texts by PyTorch, the share that it finds; None where nobody asked.
    """

    peer: str
    variant: str
    tried: Mapping[str, float]
    padded: int | None
    rounds: tuple[tuple[float, ...], ...]
    size: int
    cosines: tuple[float, ...]
    title: str = ""
    recall_at_10: float | None = None

    @property
    def median(self) -> float:
        """Median of the rounds' medians, in milliseconds."""
        return float(np.median([np.median(times) for times in self.rounds]))

    @property
    def spread(self) -> tuple[float, float]:
        """The 10th and the 90th percentile over all rounds, in milliseconds."""
        low, high = np.percentile([time for times in self.rounds for time in times], (10, 90))
        return float(low), float(high)


@dataclass(frozen=True)
class Failure:
    """A peer that has no figure, and why."""

    peer: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """One peer in one case; None where nothing is known.

    Attributes:
        peer: Its name.
        title: What a table calls it.
        median_ms: Median of the rounds' medians.
        size_mb: Of what it exported, 1 MB = 10^6 bytes.
        cosine_mean: To PyTorch, mean over the evaluation samples.
        cosine_min: The worst sample's.
        padded: Tokens to which its fixed shape pads; None where its shapes are dynamic.
        variant: The fastest of its variants.
        tried: The median of every variant in a short look before the race.
        failure: Why there are no figures.
        recall_at_10: Of the ten nearest texts that PyTorch finds, the share that it finds.
    """

    peer: str
    title: str
    median_ms: float | None = None
    size_mb: float | None = None
    cosine_mean: float | None = None
    cosine_min: float | None = None
    padded: int | None = None
    variant: str | None = None
    tried: Mapping[str, float] = field(default_factory=dict)
    failure: str | None = None
    recall_at_10: float | None = None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One case with one number of threads: where and when, and a row a peer."""

    case: str
    threads: int
    machine: str
    date: str
    rows: tuple[Row, ...]


def read(file: Path) -> tuple[Entry, ...]:
    """Return all entries of a file; none where there is no file."""
    if not file.is_file():
        return ()
    entries = json.loads(file.read_text(encoding="utf-8"))
    return tuple(Entry(**{**entry, "rows": tuple(Row(**row) for row in entry["rows"])}) for entry in entries)


def keep(file: Path, entry: Entry) -> None:
    """Write an entry into a file, in place of the one of the same case and threads."""
    others = [each for each in read(file) if (each.case, each.threads) != (entry.case, entry.threads)]
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    entries = [asdict(each) for each in (*others, entry)]
    partial.write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")
    partial.replace(file)


def row_of(outcome: Result | Failure) -> Row:
    """Return what is kept of a peer in a race."""
    if isinstance(outcome, Failure):
        return Row(peer=outcome.peer, title=outcome.peer, failure=outcome.reason)
    return Row(
        peer=outcome.peer,
        title=outcome.title or outcome.peer,
        median_ms=outcome.median,
        size_mb=outcome.size / 1e6,
        cosine_mean=float(np.mean(outcome.cosines)) if outcome.cosines else None,
        cosine_min=min(outcome.cosines, default=None),
        recall_at_10=outcome.recall_at_10,
        padded=outcome.padded,
        variant=outcome.variant,
        tried=dict(outcome.tried),
    )
