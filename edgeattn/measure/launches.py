"""A bundle measured in several processes of its own, one after the other."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import msgspec

from edgeattn.progress import Progress
from edgeattn_export.graph.samples import Inputs
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.launch import Asked, Launch
from edgeattn_runtime.npz import write_npz


def launches(
    bundle: Path,
    target: str,
    series: Sequence[Sequence[Inputs]],
    *,
    threads: Sequence[int],
    seconds: float,
    progress: Progress,
    processes: int,
) -> Mapping[int, tuple[Launch, ...]]:
    """Measure a bundle in ``processes`` processes for each number of threads, which take turns.

    Args:
        bundle: Its folder.
        target: Of it.
        series: For each series its inputs, from the smallest to the largest.
        threads: Numbers of intra-op threads.
        seconds: That a series may take in one process, about.
        progress: Told of every process.
        processes: At least 1.

    Returns:
        By number of threads.

    Raises:
        BadInput: A process fails; the message says why.
    """
    found: dict[int, list[Launch]] = {count: [] for count in threads}
    with tempfile.TemporaryDirectory(prefix="edgeattn-") as folder:
        files = [
            [_written(arrays, Path(folder) / f"{i}-{j}.npz") for j, arrays in enumerate(inputs)]
            for i, inputs in enumerate(series)
        ]
        for turn in range(processes):
            for i, count in enumerate(threads):
                progress.step(turn * len(threads) + i, processes * len(threads))
                asked = Asked(bundle=str(bundle), target=target, threads=count, seconds=seconds, series=files)
                found[count].append(_launch(asked))
    return {count: tuple(measured) for count, measured in found.items()}


def _written(arrays: Inputs, path: Path) -> str:
    write_npz(path, arrays)
    return str(path)


def _launch(asked: Asked) -> Launch:
    process = subprocess.run(
        [sys.executable, "-m", "edgeattn_runtime.launch"],
        input=json.dumps(asdict(asked)),
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode < 0:  # nobody was left to say a word
        raise BadInput(
            f"{asked.bundle}: signal {-process.returncode} ended the process that measured it, most likely "
            "for lack of memory; ask for smaller shapes"
        )
    if process.returncode:
        raise BadInput(process.stderr.strip())
    return msgspec.json.decode(process.stdout, type=Launch)
