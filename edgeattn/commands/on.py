"""The option --on: which devices to measure on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from edgeattn_runtime.errors import BadInput

if TYPE_CHECKING:
    from edgeattn.measure.place import Place

On = Annotated[
    list[str] | None,
    typer.Option(
        "--on",
        metavar="HOST",
        help="Measure on this device: an SSH destination, or a name in devices.toml; may be repeated.",
    ),
]


def check_named(names: Sequence[str], **needing: object) -> None:
    """Check that devices are named where an option needs them, each of which is given with its name.

    Raises:
        BadInput: None is.
    """
    idle = [f"--{name}" for name, value in needing.items() if value]
    if idle and not names:
        raise BadInput(f"{', '.join(idle)}: found without --on HOST, which it is about; name one")


@contextmanager
def places_on(names: Sequence[str], targets: Sequence[str]) -> Iterator[Sequence[Place]]:
    """Yield where an export is measured: on devices by name; none is here.

    Raises:
        BadInput: As ``edgeattn.devices.places`` does.
    """
    if not names:
        yield ()
        return
    from edgeattn.devices.places import connected, places
    from edgeattn_export.targets import TARGETS

    with connected(names) as connections:
        yield places(connections, [TARGETS[name] for name in targets if name in TARGETS])
