"""edgeattn against its peers, each in a virtual environment and a process of its own, on the same inputs.

    python tests/bench/bench_peers.py [PEER ...] [--case 1x16 ...] [--threads 1 2] [--bundle sentence.edge]

Each peer is installed once, exports as its own documents recommend, and is asked in turn, a round of two
seconds at a time, with its inputs bound before. A time is that of one inference with its answer handed
back; of the stream, that of all its sentences. A peer of fixed shapes (litert) pads to the
case's length. edgeattn pools and normalizes; the peers answer with the hidden state. The cosine compares
the pooled embeddings of the evaluation samples with PyTorch's. With --texts FOLDER
(models/sentence/README.md) a column gives recall@10: of the ten nearest of a thousand texts by PyTorch, the
share that a peer finds. A peer that fails has a row with the reason. The figures of each case are kept in
results.json of the cache folder, from which readme_table.py prints the README's table.
"""

from __future__ import annotations

import argparse
import datetime
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NoReturn

from protocol.cases import CASES, case
from protocol.catalog import OURS, peers
from protocol.markdown import table
from protocol.neighbors import prepare_neighbors
from protocol.networks import prepare
from protocol.race import Setting, race
from protocol.stored import Entry, Failure, Result, keep, row_of

from edgeattn_runtime.engine.kernels import kernels_here
from edgeattn_runtime.timing.machine import Machine

CACHE = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "edgeattn-bench"
RESULTS = "results.json"
BAD_INPUT = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Race and print a table a case and number of threads; return the exit code."""
    asked = _arguments(arguments)
    known = peers()
    named = [known[name] for name in dict.fromkeys((OURS, *(asked.peers or known)))]
    stored = asked.cache / "network"
    network = prepare(stored)
    ready = {OURS: [asked.bundle.resolve()]} if asked.bundle else {}
    neighbors = None if asked.texts is None else prepare_neighbors(asked.texts, stored)
    for threads in asked.threads:
        setting = Setting(threads, asked.rounds, asked.seconds, asked.cache, ready, neighbors)
        for name in asked.case or CASES:
            written = case(name, network, stored)
            outcomes = race(named, written, network, setting)
            print(table(f"{written.shape.title}, threads: {threads}", outcomes, OURS), flush=True)
            keep(asked.results or asked.cache / RESULTS, _entry(name, threads, outcomes))
    return 0


def _entry(case: str, threads: int, outcomes: Sequence[Result | Failure]) -> Entry:
    return Entry(
        case=case,
        threads=threads,
        machine=str(Machine.here(kernels_here())),
        date=datetime.date.today().isoformat(),
        rows=tuple(map(row_of, outcomes)),
    )


class _Parser(argparse.ArgumentParser):
    """Tells what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"bench_peers: {message}\n")


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = _Parser(description="Compare edgeattn with its peers.")
    parser.add_argument(
        "peers", nargs="*", type=_one_of("peer", peers()), metavar="PEER", help="default: all"
    )
    parser.add_argument("--case", nargs="+", type=_one_of("case", CASES), metavar="CASE", help="default: all")
    parser.add_argument("--threads", type=_positive, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=_positive, default=3)
    parser.add_argument("--seconds", type=float, default=2.0, help="a round takes at least")
    parser.add_argument("--cache", type=Path, default=CACHE, help="keeps environments and exports")
    parser.add_argument("--results", type=Path, help="where figures are kept; default: results.json there")
    parser.add_argument("--texts", type=Path, help="the unpacked packages: print recall@10 too")
    parser.add_argument("--bundle", type=Path, help="edgeattn's of MiniLM, exported before")
    return parser.parse_args(arguments)


def _one_of(kind: str, known: Iterable[str]) -> Callable[[str], str]:
    names = list(known)

    def read(name: str) -> str:
        if name not in names:
            raise argparse.ArgumentTypeError(f"no {kind} {name!r}; there are {', '.join(names)}")
        return name

    return read


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}; a whole number of at least 1 expected")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
