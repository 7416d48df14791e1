"""Where the page is reached: only by this machine, or by all that share its network."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from edgeattn_runtime.errors import BadInput

LOOPBACK = "127.0.0.1"
_HTTP = 80  # the port that browsers leave out
_BACKLOG = 512  # browsers that may wait to be let in
_ELSEWHERE = ("192.0.2.1", 9)  # an address of documentation: UDP picks a way to it, and nothing is sent


@dataclass(frozen=True, slots=True)
class Address:
    """What the server listens on.

    Attributes:
        host: An IPv4 address of this machine.
        port: One that is free.
    """

    host: str
    port: int

    @property
    def local(self) -> bool:
        """Whether no other machine reaches it."""
        return self.host == LOOPBACK

    @property
    def authority(self) -> str:
        """What a browser that opened an address of the terminal names in ``Host``."""
        return self.host if self.port == _HTTP else f"{self.host}:{self.port}"

    def entrance(self, token: str) -> str:
        """Return the address that lets one browser in."""
        return f"http://{self.authority}/open/{token}"


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens; a port of 0 takes any that is free.

    Raises:
        BadInput: The port is taken, or may not be had.
    """
    try:
        return socket.create_server((host, port), backlog=_BACKLOG)
    except OSError as error:
        raise BadInput(f"port {port} of {host}: {error.strerror}; name another with --port") from error


def network_host() -> str:
    """Return this machine's own address in the network that its default way leads to.

    Raises:
        BadInput: It has none.
    """
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(_ELSEWHERE)
            return str(probe.getsockname()[0])
    except OSError as error:
        raise BadInput(f"--lan: no network found ({error.strerror}); join one, or leave --lan out") from error
