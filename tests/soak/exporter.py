"""Exports a tiny model as often as it is asked to, each in a forked child: PyTorch is imported once.

A line of JSON in holds exports that run side by side, each with its place, its environment and, where it is
to be killed, the number of the stage that it does not begin; the line out, how each ended and what it said.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from edgeattn.__main__ import main
from edgeattn.stages import Stages

TINY: Final = Path(__file__).parents[1] / "edgeattn" / "tiny.py"


def begun(job: Mapping[str, Any], log: Path) -> int:
    """Begin an export in a child; return its process."""
    child = os.fork()
    if child:
        return child
    os.environ.update(job["environment"])
    tempfile.tempdir = None  # of the environment from now on
    _kill_at(job["kill"])
    with log.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    code = 70  # a traceback
    try:
        code = main(["export", str(TINY), "-o", job["place"], "--budget", "cosine=0.9"])
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        atexit._run_exitfuncs()  # temporary folders go, and nothing of the parent's is waited for
        os._exit(code)


def _kill_at(stage: int | None) -> None:
    """Have this process killed as its stage of that number, from 0, begins."""
    whole, count = Stages.stage, iter(range(1000))

    def stage_or_death(stages: Stages, name: str) -> None:
        print(f"stage {name}", flush=True)
        if next(count) == stage:
            os.kill(os.getpid(), signal.SIGKILL)
        whole(stages, name)

    Stages.stage = stage_or_death  # type: ignore[method-assign]


def serve(folder: Path) -> None:
    """Answer lines until there are no more; logs lie in the folder meanwhile."""
    for line in sys.stdin:
        jobs = json.loads(line)
        logs = [folder / f"{number}.log" for number in range(len(jobs))]
        children = [begun(job, log) for job, log in zip(jobs, logs, strict=True)]
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        ended = [{"code": code, "text": log.read_text()} for code, log in zip(codes, logs, strict=True)]
        print(json.dumps(ended), flush=True)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
