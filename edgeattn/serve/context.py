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
        """Take one, and say whether the report has it; raises BadInput where it is none."""


class Journal(Protocol):
    """What is told to whoever started the server."""

    def entered(self, client: str) -> None:
        """Tell that a browser was let in, and that the address is another one now."""

    def refused(self, client: str, reason: str) -> None:
        """Tell what was not done, and why."""


@dataclass(frozen=True)
class Context:
    """What the handlers share.

    Attributes:
        shelf: What is served, by the path of its address.
        cookie: The name of the session's; browsers tell no ports apart.
    """

    guests: Sessions
    shelf: Mapping[str, ServedFile]
    results: Results
    journal: Journal
    cookie: str
