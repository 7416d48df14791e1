"""Where workers are: a scheduler of Dask's that takes a connection; if not, why in one line.

Dask waits without end for a scheduler that closes what it cannot decrypt, so that is found out before.
"""

from __future__ import annotations

import asyncio
import os
import re
import ssl
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from distributed import Client, Security
from distributed.comm.core import CommClosedError
from distributed.comm.core import connect as reach
from distributed.versions import VersionMismatchWarning

from edgeattn_runtime.errors import BadInput

SCHEDULER_VARIABLE = "EDGEATTN_SCHEDULER"
HOST = "host"  # the resource of workers with the workshop
ADDRESS = re.compile(r"(tcp|tls)://([^/:\s\[\]]+|\[[0-9a-fA-F:.]+\]):\d+")  # [...] around an IPv6 address
ANSWER_SECONDS = 10.0  # in which a scheduler must answer
AUTHORITY = "DASK_DISTRIBUTED__COMM__TLS__CA_FILE"
CERTIFICATE = "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT"


def named_scheduler(given: str | None) -> str | None:
    """Return the scheduler that was given, or that $EDGEATTN_SCHEDULER names; None where neither is."""
    return given or os.environ.get(SCHEDULER_VARIABLE) or None


def connect(scheduler: str) -> Client:
    """Connect to a scheduler, with what Dask's own configuration says of TLS.

    Raises:
        BadInput: An address of another form, no scheduler answers there, or TLS keeps the two apart.
    """
    with ThreadPoolExecutor(1) as isolated:  # from a loop that runs in this thread, as a notebook's does
        isolated.submit(asyncio.run, _check_answers(scheduler)).result()
    with warnings.catch_warnings():
        # Workers elsewhere have a Python and numpy of their own.
        warnings.simplefilter("ignore", VersionMismatchWarning)
        try:
            return Client(scheduler, security=Security(), timeout=ANSWER_SECONDS, set_as_default=False)
        except (OSError, TimeoutError) as error:
            raise _no_answer(scheduler, error) from error


async def _check_answers(scheduler: str) -> None:
    if not ADDRESS.fullmatch(scheduler):
        raise BadInput(f"scheduler {scheduler!r}: tcp://HOST:PORT or tls://HOST:PORT expected")
    arguments = _arguments(scheduler)
    try:
        comm = await asyncio.wait_for(reach(scheduler, timeout=ANSWER_SECONDS, **arguments), ANSWER_SECONDS)
    except (CommClosedError, ValueError) as error:
        raise BadInput(f"scheduler {scheduler}: {_why_closed(scheduler, error)}") from error
    except (OSError, TimeoutError) as error:
        raise _no_answer(scheduler, error) from error
    await comm.close()


def _arguments(scheduler: str) -> dict[str, Any]:
    """Return what Dask connects with."""
    own = f"{CERTIFICATE} and __KEY"
    try:
        arguments: dict[str, Any] = Security().get_connection_args("client")
    except (OSError, ValueError) as error:
        raise BadInput(f"{AUTHORITY}, {own}: PEM files expected ({_words(error)})") from error
    is_encrypted = scheduler.startswith("tls://")
    if is_encrypted and arguments["ssl_context"] is None:
        raise BadInput(f"scheduler {scheduler}: no certificate here; set {AUTHORITY}, {own}")
    if arguments["require_encryption"] and not is_encrypted:
        raise BadInput(f"scheduler {scheduler}: encryption is required here; give tls://HOST:PORT")
    return arguments


def _why_closed(scheduler: str, error: BaseException) -> str:
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
    return f"it refused the certificate in {CERTIFICATE} here; take one of its own authority"


def _no_answer(scheduler: str, error: BaseException) -> BadInput:
    return BadInput(
        f"scheduler {scheduler}: no answer in {ANSWER_SECONDS:.0f} s ({_words(error)}); start one: dask "
        "scheduler"
    )


def _words(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
