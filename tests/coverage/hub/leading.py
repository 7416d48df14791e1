"""The run: every family once, each in a process of its own, a few at a time; what is done is kept."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from hub.limits import PATIENCE, ended
from hub.outcome import Family, Outcome, read, write
from hub.worker import work

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
