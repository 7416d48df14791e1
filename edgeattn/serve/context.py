"""What all handlers share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from edgeattn.serve.sessions import Sessions
from edgeattn.serve.site import ServedFile


class Journal(Protocol):
    """The record of what happens, for whoever started the server."""

    def entered(self, client: str) -> None:
        """Note that a browser was admitted, and that the address is another one now."""

    def refused(self, client: str, reason: str) -> None:
        """Note what was refused, and why."""


@dataclass(frozen=True)
class Context:
    """What the handlers share.

    Attributes:
        sessions: Of the browsers that were admitted.
        files: What is served, by the path of its address.
        take: Takes a result of a device, and returns whether the report has it; raises BadInput.
        journal: The record of what happens.
        cookie: The name of the session's; to a browser, two ports are one site.
        authority: What ``Host`` must name. Another site whose name was bound to this machine's address sends
            that name.
    """

    sessions: Sessions
    files: Mapping[str, ServedFile]
    take: Callable[[bytes], bool]
    journal: Journal
    cookie: str
    authority: str
