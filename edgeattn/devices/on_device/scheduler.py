"""A scheduler's address, and whether it takes a connection; if not, why in one line, on devices and on hosts.

Dask waits without end for a scheduler that closes what it cannot decrypt, so that is found out before.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from typing import Any, Literal

from distributed import Security
from distributed.comm.core import CommClosedError, connect

from edgeattn_runtime.errors import BadInput

ADDRESS = re.compile(r"(tcp|tls)://([^/:\s\[\]]+|\[[0-9a-fA-F:.]+\]):\d+")  # [...] around an IPv6 address
SECONDS = 10.0  # in which a scheduler must answer
TLS = "DASK_DISTRIBUTED__COMM__TLS__"
AUTHORITY = f"{TLS}CA_FILE"

Role = Literal["worker", "client"]  # as Dask's settings of TLS name a device and a host


async def check_answers(scheduler: str, role: Role) -> None:
    """Check that a scheduler takes a connection, with what Dask's own configuration says of TLS.

    Args:
        scheduler: Such as tcp://host:8786.
        role: Who asks.

    Raises:
        BadInput: An address of another form, no scheduler answers there, or TLS keeps the two apart.
    """
    if not ADDRESS.fullmatch(scheduler):
        raise BadInput(f"scheduler {scheduler!r}: tcp://HOST:PORT or tls://HOST:PORT expected")
    arguments = _arguments(scheduler, role)
    try:
        comm = await asyncio.wait_for(connect(scheduler, timeout=SECONDS, **arguments), SECONDS)
    except (CommClosedError, ValueError) as error:
        raise BadInput(f"scheduler {scheduler}: {_closed(scheduler, role, error)}") from error
    except (OSError, TimeoutError) as error:
        raise no_answer(scheduler, error) from error
    await comm.close()


def no_answer(scheduler: str, error: BaseException) -> BadInput:
    """Return the line that says that nothing answers there."""
    return BadInput(
        f"scheduler {scheduler}: no answer in {SECONDS:.0f} s ({_words(error)}); start one: dask scheduler"
    )


def _arguments(scheduler: str, role: Role) -> dict[str, Any]:
    """Return what Dask connects with."""
    own = f"{TLS}{role.upper()}__CERT and __KEY"
    try:
        found: dict[str, Any] = Security().get_connection_args(role)
    except (OSError, ValueError) as error:
        raise BadInput(f"{AUTHORITY}, {own}: PEM files expected ({_words(error)})") from error
    is_encrypted = scheduler.startswith("tls://")
    if is_encrypted and found["ssl_context"] is None:
        raise BadInput(f"scheduler {scheduler}: no certificate here; set {AUTHORITY}, {own}")
    if found["require_encryption"] and not is_encrypted:
        raise BadInput(f"scheduler {scheduler}: encryption is required here; give tls://HOST:PORT")
    return found


def _closed(scheduler: str, role: Role, error: BaseException) -> str:
    """Say why a connection ended before the scheduler said what it is."""
    if scheduler.startswith("tcp://"):
        return "it closed the connection, as one behind TLS does; give tls://HOST:PORT"
    cause = error.__cause__
    is_plain = isinstance(cause, ssl.SSLError) and cause.reason == "WRONG_VERSION_NUMBER"
    if is_plain or isinstance(error, ValueError):  # which Dask raises where plain bytes have come already
        return "it answers without TLS; give tcp://HOST:PORT, or start it with --protocol tls"
    if isinstance(cause, ssl.SSLCertVerificationError):
        reason = cause.verify_message
        return f"its certificate is not of the authority in {AUTHORITY} here ({reason}); take that one's"
    return f"it refused the certificate in {TLS}{role.upper()}__CERT here; take one of its own authority"


def _words(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
