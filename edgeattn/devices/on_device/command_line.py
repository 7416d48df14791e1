"""edgeattn device: makes this machine a device that a host measures on."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.machine import Machine

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
LIMIT_MB = 4000.0


def parser() -> argparse.ArgumentParser:
    """Return the command's own."""
    made = argparse.ArgumentParser(
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


def run(arguments: Sequence[str]) -> int:
    """Work until interrupted, or until the scheduler has gone for good.

    Raises:
        BadInput: A scheduler or a name of another form, or a scheduler that does not answer.
    """
    args = parser().parse_args(arguments)
    if not NAME.fullmatch(args.name):
        raise BadInput(f"name {args.name!r}: letters, digits, _ and - expected, such as pi4")
    if args.threads < 1:
        raise BadInput(f"{args.threads} threads; expected at least 1")
    asyncio.run(_work(args))
    return 0


async def _work(args: argparse.Namespace) -> None:
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
        raise BadInput(f"{args.scheduler}: no device there ({' '.join(str(error).split())})") from error


def _cache() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "edgeattn" / "device"
