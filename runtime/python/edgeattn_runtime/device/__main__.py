"""``python -m edgeattn_runtime.device``: answers a host on the standard streams until it has gone."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from edgeattn_runtime.device.frames import write_packed
from edgeattn_runtime.device.peer import refusal, standard_streams
from edgeattn_runtime.device.service import Service
from edgeattn_runtime.errors import EdgeAttnError

_INTERRUPTED = 130  # what a shell reports after Ctrl-C: 128 + SIGINT


def parser() -> argparse.ArgumentParser:
    """Return the command's own."""
    made = argparse.ArgumentParser(
        prog="python -m edgeattn_runtime.device",
        description="Let the host that starts this measure here; it speaks by the standard streams.",
    )
    made.add_argument(
        "--threads", type=_count, default=1, help="intra-op threads that a search times; default: 1"
    )
    made.add_argument(
        "--files", type=Path, default=_cache(), help="folder of what hosts send; default: %(default)s"
    )
    made.add_argument(
        "--files-mb", type=_size, default=4000, help="size of that folder at most; default: %(default)s"
    )
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve; what goes wrong before the first request is an answer too."""
    args = parser().parse_args(arguments)
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):  # none of them on Windows
            signal.signal(getattr(signal, name), _stop)
    requests, answers = standard_streams()
    try:
        with Service(args.files, int(args.files_mb * 1e6), args.threads) as service:
            service.serve(requests, answers)
    except EdgeAttnError as error:
        write_packed(answers, refusal(error))
        return error.exit_code
    except (KeyboardInterrupt, BrokenPipeError):
        return _INTERRUPTED
    return 0


def _stop(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _size(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise ValueError
    return number


def _cache() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "edgeattn" / "device"


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # no thread that still reads is waited for, and no closed pipe is complained about
