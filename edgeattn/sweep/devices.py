"""The devices that a sweep measures on; whoever measures a row reaches its device itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from edgeattn.devices.places import connected, places
from edgeattn.measure.place import Place
from edgeattn.sweep.row import Row
from edgeattn_export.targets import TARGETS


def machines_of(names: Sequence[str], targets: Sequence[str]) -> dict[str | None, str]:
    """Return by name what devices are, as far as a measurement depends on it.

    Args:
        names: As ``--on`` has them.
        targets: What is measured there.

    Raises:
        BadInput: A device cannot be reached, or a target cannot be measured on one.
        IncompatibleRuntimeError: A device has not the engine of a target, or another edgeattn.
    """
    with connected(names) as connections:
        reached = places(connections, [TARGETS[name] for name in targets] if names else ())
    return {
        name: f"{place.machine}, {place.threads} intra-op threads"
        for name, place in zip(names, reached, strict=True)
    }


@contextmanager
def places_of(row: Row) -> Iterator[tuple[Place, ...]]:
    """Yield the device that a row names, as a worker reaches it; none where the worker itself measures."""
    with connected(() if row.device is None else (row.device,)) as connections:
        yield places(connections, [TARGETS[row.target]] if connections else ())
