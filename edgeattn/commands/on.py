"""The options --on and --scheduler: which devices to measure on, and where they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from edgeattn_runtime.errors import BadInput

if TYPE_CHECKING:
    from distributed import Client

    from edgeattn.measure.place import Place

On = Annotated[
    list[str] | None,
    typer.Option("--on", metavar="DEVICE", help="Measure on this device; may be repeated."),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        metavar="tcp://HOST:PORT", help="The devices' Dask scheduler. Default: $EDGEATTN_SCHEDULER."
    ),
]


def check_named(names: Sequence[str], **needing: object) -> None:
    """Check that devices are named where an option needs them, each of which is given with its name.

    Raises:
        BadInput: None is.
    """
    idle = [f"--{name}" for name, value in needing.items() if value]
    if idle and not names:
        raise BadInput(f"{', '.join(idle)}: found without --on DEVICE, which it is about; name one")


@contextmanager
def devices_at(names: Sequence[str], scheduler: str | None) -> Iterator[Client]:
    """Yield a connection to the scheduler that devices are at.

    Raises:
        BadInput: No scheduler was named, or it does not answer.
    """
    from edgeattn.devices.connection import connect, named_scheduler

    address = named_scheduler(scheduler)
    if address is None:
        raise BadInput(
            f"--on {names[0]}: no scheduler; give --scheduler tcp://HOST:PORT or $EDGEATTN_SCHEDULER, where "
            "the device is: edgeattn device tcp://HOST:PORT --name NAME"
        )
    with connect(address) as client:
        yield client


@contextmanager
def places_on(
    names: Sequence[str], scheduler: str | None, targets: Sequence[str]
) -> Iterator[Sequence[Place]]:
    """Yield where an export is measured: on devices by name; none is here.

    Raises:
        BadInput: As ``devices_at`` and ``edgeattn.devices.places.places`` do.
    """
    if not names:
        yield ()
        return
    from edgeattn.devices.places import places
    from edgeattn_export.targets import TARGETS

    with devices_at(names, scheduler) as client:
        yield places(client, names, [TARGETS[name] for name in targets if name in TARGETS])
