"""What all handlers share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from edgeattn.serve.files import ServedFile
from edgeattn.serve.sessions import Sessions


class Results(Protocol):
    """What takes the results of devices."""

    def take(self, content: bytes) -> bool:
        """Take one, and return whether the report has it; raises BadInput where it is none."""


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
        results: Takes what devices measure.
        journal: The record of what happens.
        cookie: The name of the session's; to a browser, two ports are one site.
        authority: What ``Host`` must name. Another site whose name was bound to this machine's address sends
            that name.
    """

    sessions: Sessions
    files: Mapping[str, ServedFile]
    results: Results
    journal: Journal
    cookie: str
    authority: str
