"""edgeattn device: makes this machine a device that a host measures on."""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.machine import Machine

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
LIMIT_MB = 4000.0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise BadInput(f"{message}; see edgeattn device --help")


def parser() -> argparse.ArgumentParser:
    """Return the command's own."""
    made = _Parser(
        prog="edgeattn device",
        description="Let hosts measure on this machine: a worker of Dask with a fixed set of verbs.",
    )
    made.add_argument("scheduler", help="of Dask: tcp://HOST:PORT or tls://HOST:PORT")
    made.add_argument("--name", required=True, help="as --on has it, such as pi4")
    made.add_argument(
        "--threads", type=int, default=1, help="intra-op threads that a search times; default: 1"
    )
    made.add_argument(
        "--files", type=Path, default=_cache(), help="folder of what hosts send; default: %(default)s"
    )
    made.add_argument(
        "--files-mb", type=float, default=LIMIT_MB, help="size of that folder at most; default: %(default)s"
    )
    made.add_argument("--no-nanny", action="store_true", help="do not start the worker again where it ends")
    return made


def run(arguments: Sequence[str]) -> NoReturn:
    """Work until interrupted.

    Raises:
        BadInput: Arguments that are none, a scheduler that does not answer or has ended this device, or a
            device of that name that is there already.
    """
    args = parser().parse_args(arguments)
    if not NAME.fullmatch(args.name):
        raise BadInput(f"name {args.name!r}: letters, digits, _ and - expected, such as pi4")
    if args.threads < 1:
        raise BadInput(f"{args.threads} threads; expected at least 1")
    if not 0 < args.files_mb < math.inf:
        raise BadInput(f"--files-mb {args.files_mb:g}: a size above 0 expected")
    asyncio.run(_work(args))


async def _work(args: argparse.Namespace) -> NoReturn:
    from edgeattn.devices.on_device.scheduler import check_answers
    from edgeattn.devices.on_device.worker import device_server

    await check_answers(args.scheduler, "worker")
    try:
        async with device_server(
            args.scheduler,
            name=args.name,
            threads=args.threads,
            files=args.files,
            limit_mb=args.files_mb,
            nanny=not args.no_nanny,
        ) as server:
            sys.stderr.write(f"device {args.name}: {Machine.here()}; at {args.scheduler}\n")
            await server.finished()
    except (OSError, RuntimeError) as error:
        raise BadInput(_why_not(args, error)) from error
    raise BadInput(f"device {args.name}: {args.scheduler} has gone, or has ended it; start it again")


def _why_not(args: argparse.Namespace, error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    if "name taken" in str(error):
        return (
            f"device {args.name}: {args.scheduler} has one already; choose another --name, or wait a minute "
            "where that one was switched off"
        )
    return f"{args.scheduler}: no device there ({' '.join(str(error).split())})"


def _cache() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "edgeattn" / "device"
