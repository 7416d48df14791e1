"""The run: every family once, each in a process of its own with its limits; what is done is kept."""

from __future__ import annotations

import faulthandler
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

from hub.building import NotBuiltError
from hub.outcome import Family, Outcome, Record, read, write
from hub.stages import take

from edgeattn_runtime.errors import EdgeAttnError

SECONDS = 300  # of CPU time, which does not depend on what else the machine does
MEMORY = 8 << 30  # bytes
PATIENCE = 1800  # seconds for a process that waits instead of computing
GRACE = 5  # seconds, to say where it was
LONGEST = 300  # letters of a line of progress

# Each process is forked off one that has imported the libraries, which takes longer than many an export.
_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["hub.preload"])


def run(families: Iterable[Family], kept: Path, processes: int) -> Iterator[Outcome]:
    """Yield the outcome of every family; those in ``kept`` are of an earlier run, and not run again."""
    kept.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(processes) as pool:
        yield from pool.map(lambda family: _outcome(family, kept), families)


def _outcome(family: Family, kept: Path) -> Outcome:
    file = kept_in(kept, family)
    unfinished, log = file.with_suffix(".unfinished"), file.with_suffix(".log")
    if file.exists():
        return read(file)
    process = _CONTEXT.Process(target=work, args=(family, unfinished, log))
    process.start()
    process.join(PATIENCE)
    if process.exitcode is None:
        process.kill()
        process.join()
    outcome = ended(read(unfinished), process.exitcode or 0)
    write(outcome, file)
    unfinished.unlink()
    told = f"{family}: {outcome.fate} after {outcome.stage} {outcome.reason}"
    print(told[:LONGEST], file=sys.stderr, flush=True)
    return outcome


def kept_in(folder: Path, family: Family) -> Path:
    """Return the file that keeps a family's outcome."""
    return folder / f"{family.library}-{family.name.replace('.', '_')}.json"


def work(family: Family, file: Path, log: Path) -> None:
    """Take a family through the workshop.

    Args:
        family: Which.
        file: Keeps its outcome.
        log: Keeps what is printed on the way, and the traceback of a failure.
    """
    with log.open("w", encoding="utf-8") as printed:
        os.dup2(printed.fileno(), sys.stdout.fileno())
        os.dup2(printed.fileno(), sys.stderr.fileno())
    limit()
    record = Record(family, file)
    try:
        take(record)
    except NotBuiltError as reason:
        record.note(fate="not built", reason=str(reason))
    except EdgeAttnError as refusal:
        traceback.print_exc()
        clear = "\n" not in str(refusal).strip()
        record.note(fate="refused" if clear else "crashed", reason=str(refusal))
    except MemoryError:
        traceback.print_exc()
        record.note(reason=f"out of memory: over {MEMORY >> 30} GB")
    except Exception as error:
        traceback.print_exc()
        record.note(reason=f"{type(error).__name__}: {' '.join(str(error).split())}")
    record.note(seconds=time.process_time())


def limit() -> None:
    """Limit this process."""
    faulthandler.register(signal.SIGXCPU, chain=True)  # its log tells what took so long
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + GRACE))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))


def ended(outcome: Outcome, code: int) -> Outcome:
    """Return what a process left, with the reason where it did not end by itself.

    Args:
        outcome: As it left it.
        code: With which it ended: that of a signal is negative.
    """
    match -code:
        case 0:
            return outcome
        case signal.SIGXCPU:
            reason = f"time-out: over {SECONDS} s of CPU time"
        case signal.SIGKILL:
            reason = f"killed: it took over {PATIENCE} s, or the machine has no memory left"
        case _:
            reason = f"its process ended with code {code}"
    return replace(outcome, fate="crashed", reason=reason)
