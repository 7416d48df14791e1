"""A peer's own process: `python -m protocol.worker MODULE PEER`, in the peer's virtual environment.

It reads one request a line from stdin, as JSON, and answers each with one line on stdout:

    {"do": "export", ...}   writes the peer's variants into a folder:      {}
    {"do": "load", ...}     keeps the fastest variant, with inputs bound:  {"variant": "O2", "bytes": 9,
                                                                            "tried": {"O0": 1.3, "O2": 1.2},
                                                                            "title": "Optimum 0.1 int8"}
    {"do": "time", ...}     calls it again and again:                      {"ms": [1.2, 1.3]}
    {"do": "answer", ...}   writes its embeddings as npy:                  {}

What fails is answered with {"error": "..."}; the worker goes on.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from protocol.catalog import find
from protocol.peer import Batch, Call, Job, Peer, batches, pooled, read_samples

Request = Mapping[str, Any]  # as JSON brings it
TRIED = 8  # batches on which variants are compared: enough of a stream of hundreds
TRIES = 9  # times at least, and
LOOK = 1.0  # second each at least


@dataclass(frozen=True)
class Variant:
    """One file of a peer, open: `calls` are its inferences on the inputs of the case."""

    folder: Path
    bind: Callable[[Batch], Call]
    calls: Sequence[Call]


class _Versions(dict[str, str]):
    """The major and minor version of each package that is asked for."""

    def __missing__(self, package: str) -> str:
        return ".".join(metadata.version(package).split(".")[:2])


class Worker:
    """Answers the requests for one peer."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.variant: Variant | None = None

    def export(self, request: Request) -> dict[str, object]:
        """Export the network of `weights` and `handover` into `folder`, at the shape of `example`."""
        example = next(batches(read_samples(Path(request["example"])), request["batch"], request["length"]))
        job = Job(
            weights=Path(request["weights"]),
            handover=Path(request["handover"]),
            example=example,
            calibration=read_samples(Path(request["calibration"])),
        )
        self.peer.export(job, Path(request["folder"]))
        return {}

    def load(self, request: Request) -> dict[str, object]:
        """Open the `variants` with `threads`, bind `samples`, and keep the fastest variant."""
        given = list(batches(read_samples(Path(request["samples"])), request["batch"], request["length"]))
        variants = []
        for folder in map(Path, request["variants"]):
            bind = self.peer.load(folder, request["threads"])
            variants.append(Variant(folder, bind, [bind(batch) for batch in given]))
        tried = _tried(variants)
        self.variant = min(variants, key=lambda variant: tried[variant.folder.name])
        files = [file for file in self.variant.folder.rglob("*") if file.is_file()]
        size = sum(file.stat().st_size for file in files)
        title = self.peer.title.format_map(_Versions())
        return {"variant": self.variant.folder.name, "tried": tried, "bytes": size, "title": title}

    def time(self, request: Request) -> dict[str, object]:
        """Call again and again for `seconds`, at least once; a time is that of all batches of the case."""
        calls = self._loaded().calls
        end = time.perf_counter() + request["seconds"]
        times = [_milliseconds(calls)]
        while time.perf_counter() < end:
            times.append(_milliseconds(calls))
        return {"ms": times}

    def answer(self, request: Request) -> dict[str, object]:
        """Write the embeddings of `samples`, float32 (N, W), as `to`."""
        samples = read_samples(Path(request["samples"]))
        variant = self._loaded()
        embeddings = [
            pooled(variant.bind(batch)(), batch)
            for batch in batches(samples, request["batch"], request["length"])
        ]
        np.save(request["to"], np.concatenate(embeddings)[: len(samples)], allow_pickle=False)
        return {}

    def _loaded(self) -> Variant:
        if self.variant is None:
            raise RuntimeError("nothing is loaded; ask to load first")
        return self.variant


def serve(peer: Peer, requests: TextIO, answers: TextIO) -> None:
    """Answer each line of `requests` with a line of `answers`, to the last."""
    worker = Worker(peer)
    known = {"export": worker.export, "load": worker.load, "time": worker.time, "answer": worker.answer}
    for line in requests:
        request = json.loads(line)
        try:
            answer = known[request["do"]](request)
        except Exception as error:  # whatever a peer raises is a row of the table
            traceback.print_exc()
            answer = {"error": _reason(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _tried(variants: Sequence[Variant]) -> dict[str, float]:
    """Return each variant's median in milliseconds, on the first batches: a short look, in turn."""
    if not variants:
        raise RuntimeError("the export wrote no variant")
    for variant in variants:
        _milliseconds(variant.calls[:TRIED])  # warms up
    times: dict[str, list[float]] = {variant.folder.name: [] for variant in variants}
    end = time.perf_counter() + LOOK * len(variants)
    while time.perf_counter() < end or len(times[variants[0].folder.name]) < TRIES:
        for variant in variants:
            times[variant.folder.name].append(_milliseconds(variant.calls[:TRIED]))
    return {name: float(np.median(measured)) for name, measured in times.items()}


def _milliseconds(calls: Sequence[Call]) -> float:
    start = time.perf_counter_ns()
    for call in calls:
        call()
    return (time.perf_counter_ns() - start) / 1e6


def _reason(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else ''}"


def _own_stdout() -> TextIO:
    """Return the pipe of the answers, and send what the peer's packages print to stderr."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


if __name__ == "__main__":
    serve(find(*sys.argv[1:]), sys.stdin, _own_stdout())
