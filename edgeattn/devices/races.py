"""Races in batches: what the way to a device takes is shared by as many as one task may hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from edgeattn.devices.runner import contents
from edgeattn_runtime.latency import Call, Name

TOGETHER = 8  # races in one task at most
TOGETHER_BYTES = 64_000_000  # of the files that they name


def in_batches(races: Iterable[Mapping[Name, Call]]) -> Iterator[Sequence[Mapping[Name, Call]]]:
    """Yield races in batches, each drawn when it is asked for.

    Args:
        races: Calls of a device, by name.
    """
    batch: list[Mapping[Name, Call]] = []
    size = 0
    for race in races:
        batch.append(race)
        size += sum(map(len, contents(race.values()).values()))
        if len(batch) == TOGETHER or size >= TOGETHER_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
