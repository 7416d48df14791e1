"""The throughput of an evaluation in partitions, on one worker and on two.

    python tests/bench/bench_partitions.py [--samples 4000] [--rounds 3]

models/digits is exported, and its samples come again and again until there are enough. Rounds with one
worker and with two alternate. Beside samples a second it tells the processor time of a sample, on workers and
on the host, which others on the machine change little: two workers are twice as fast where theirs stays the
same and the host's is small beside it. Fails where the scores differ, or two workers are less than 1.7 times
as fast.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import median

from distributed import Client

from edgeattn import pipeline
from edgeattn.judge.request import FASTEST, Request
from edgeattn.partitions.cluster import connected
from edgeattn.partitions.scoring import scores_in_order
from edgeattn.partitions.worker import ScoringJob
from edgeattn.progress import Silent
from edgeattn.source import handover
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_runtime.bundle.folder import open_bundle

MODEL = Path(__file__).parents[2] / "models" / "digits" / "model.py"
ASKED = 1.7  # times the throughput of one worker


@dataclass(frozen=True)
class Round:
    """What one evaluation took, in seconds: on the wall, and of processors."""

    wall: float
    workers: float
    host: float
    scores: int  # the hash of all


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--samples", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    source = handover.load(str(MODEL))
    request = Request.read("cpu", source.budget, FASTEST, has_metric=source.metric is not None)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pipeline.run(source, request, Silent()).save(Path(temporary) / "digits.edge")
        asked = ScoringJob.of(open_bundle(folder), str(MODEL), None, source, "cpu")
        with connected(None, 1) as one, connected(None, 2) as two:
            clients = {1: one, 2: two}
            known = source.read()
            for count, client in clients.items():  # every worker opens the model
                list(scores_in_order(client, asked, _many(known, 24 * count), 4))
            rounds: dict[int, list[Round]] = {1: [], 2: []}
            for _ in range(given.rounds):
                for count, client in clients.items():
                    rounds[count].append(_round(client, asked, known, given.samples))
    return _told(rounds, given.samples)


def _round(client: Client, asked: ScoringJob, known: Samples, count: int) -> Round:
    before, host, start = _processors(client), time.process_time(), time.perf_counter()
    scores = tuple(scores_in_order(client, asked, _many(known, count)))
    wall, host = time.perf_counter() - start, time.process_time() - host
    return Round(wall, _processors(client) - before, host, hash(repr(scores)))


def _many(known: Samples, count: int) -> Iterator[Sample]:
    return islice(cycle(known), count)


def _processors(client: Client) -> float:
    return sum(client.run(time.process_time).values())


def _told(rounds: dict[int, list[Round]], samples: int) -> int:
    for count, its in rounds.items():
        worker, host = (
            1e3 * median(getattr(each, name) for each in its) / samples for name in ("workers", "host")
        )
        print(
            f"workers {count}: {median(samples / each.wall for each in its):.0f} samples a second; processor "
            f"time of a sample {worker:.3f} ms on workers, {host:.3f} ms on the host"
        )
    ratio = median(a.wall / b.wall for a, b in zip(rounds[1], rounds[2], strict=True))
    same = len({each.scores for its in rounds.values() for each in its}) == 1
    print(f"two are {ratio:.2f} times as fast as one; scores {'are the same' if same else 'DIFFER'}")
    return 0 if same and ratio >= ASKED else 1


if __name__ == "__main__":
    sys.exit(main())
