"""The devices that a sweep measures on."""

from __future__ import annotations

from collections.abc import Sequence

from distributed import Client, get_client

from edgeattn.devices.places import places
from edgeattn.measure.place import Place
from edgeattn.sweep.row import Row
from edgeattn_export.targets import TARGETS
from edgeattn_runtime.errors import BadInput


def check_reachable(names: Sequence[str], scheduler: str | None) -> None:
    """Check that there is a scheduler where there are devices.

    Raises:
        BadInput: There is none.
    """
    if names and scheduler is None:
        raise BadInput(
            f"--on {names[0]}: no scheduler; give --scheduler tcp://HOST:PORT or $EDGEATTN_SCHEDULER, where "
            "the device is: edgeattn device tcp://HOST:PORT --name NAME"
        )


def machines_of(client: Client, names: Sequence[str], targets: Sequence[str]) -> dict[str | None, str]:
    """Return by name what devices are, as far as a measurement depends on it.

    Raises:
        BadInput: There is no device of a name, or a target cannot be measured on one.
        IncompatibleRuntimeError: A device has not the engine of a target, or another edgeattn.
    """
    found = places(client, names, [TARGETS[name] for name in targets]) if names else ()
    return {place.name: f"{place.machine}, {place.threads} intra-op threads" for place in found}


def places_of(row: Row) -> tuple[Place, ...]:
    """Return the device that a row names, as a worker reaches it; none where the worker itself measures."""
    return () if row.device is None else places(get_client(), [row.device], [TARGETS[row.target]])
