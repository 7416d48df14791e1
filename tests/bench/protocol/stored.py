"""What the benchmark keeps of its races, as JSON: all that a table is printed from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from protocol.result import Failure, Result


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


def rows_of(outcomes: Iterable[Result | Failure]) -> tuple[Row, ...]:
    """Return the rows of a race."""
    return tuple(map(_row, outcomes))


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
    partial.write_text(_text([*others, entry]), encoding="utf-8")
    partial.replace(file)


def _text(entries: Sequence[Entry]) -> str:
    return json.dumps([asdict(entry) for entry in entries], indent=2) + "\n"


def _row(outcome: Result | Failure) -> Row:
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
