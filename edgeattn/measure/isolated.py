"""A bundle timed by itself, in processes of its own, one after the other: the batches of its intervals."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import msgspec
import numpy as np

from edgeattn.measure.race import MOST_SAMPLES, median_shape
from edgeattn.progress import Progress
from edgeattn.results.benchmark import Start
from edgeattn.results.latency import INT8, Conditions, Race
from edgeattn_export.graph.samples import Inputs, stratified
from edgeattn_export.graph.temporary import temporary_folder
from edgeattn_runtime.bundle.folder import BundleFiles
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.graph import Graph
from edgeattn_runtime.processing.npz import write_npz
from edgeattn_runtime.timing.confidence import typical
from edgeattn_runtime.timing.latency import Latency
from edgeattn_runtime.timing.launch import Launch, LaunchRequest
from edgeattn_runtime.timing.surroundings import combined

PROCESSES = 8  # that each measure all of it: the batches of the intervals
ALL_SECONDS = 20.0  # that the calls of all processes may take, about
LEAST_SECONDS = 0.2  # seconds of a series in one process
LEAST_PASSES = 4  # over the inputs of a series that a process must afford, or it gets fewer inputs


def start(files: BundleFiles, target: str, inputs: Inputs, *, threads: int, progress: Progress) -> Start:
    """Start a bundle in processes of its own, and call it with these inputs."""
    measured = launches(files, target, [[inputs]], threads=[threads], seconds=0.0, progress=progress)
    return _start_of(measured[threads])


def _start_of(launched: Sequence[Launch]) -> Start:
    return Start(
        typical([each.load_ms for each in launched]), typical([each.first_call_ms for each in launched])
    )


def isolated_races(
    files: BundleFiles,
    target: str,
    points: Sequence[Sequence[Inputs]],
    graph: Graph,
    *,
    threads: Sequence[int],
    progress: Progress,
) -> tuple[list[Race], Start]:
    """Time a bundle by itself.

    Args:
        files: The bundle.
        target: Of it.
        points: For each point of a grid its inputs, at least one.
        graph: The contract, by whose symbols the sizes are named.
        threads: Numbers of intra-op threads.
        progress: Told of every process.

    Returns:
        For each point, and for each number of threads at it, the times; and how the bundle starts.
    """
    share = max(LEAST_SECONDS, ALL_SECONDS / PROCESSES / len(points) / len(threads))
    series = [_affordable(files, target, inputs, share, threads[0], progress) for inputs in points]
    measured = launches(files, target, series, threads=threads, seconds=share, progress=progress)
    races = [
        _race(measured[count], i, inputs, graph, count)
        for i, inputs in enumerate(series)
        for count in threads
    ]
    return races, _start_of(measured[threads[0]])


def _affordable(
    files: BundleFiles, target: str, inputs: Sequence[Inputs], share: float, threads: int, progress: Progress
) -> list[Inputs]:
    """Return as many inputs as a process can run several times over, by the time of the largest."""
    (largest,) = stratified(inputs, len(inputs))[-1:]
    trial = launches(files, target, [[largest]], threads=[threads], seconds=0.0, progress=progress, once=True)
    once = trial[threads][0].series[0].times_ms[0] / 1000
    return stratified(inputs, max(1, min(MOST_SAMPLES, int(share / once / LEAST_PASSES))))


def _race(
    launched: Sequence[Launch], index: int, inputs: Sequence[Inputs], graph: Graph, threads: int
) -> Race:
    series = [launch.series[index] for launch in launched]
    latency = Latency.of([np.asarray(each.times_ms) for each in series])
    return Race(
        {INT8: latency},
        Conditions(
            threads,
            median_shape(graph, inputs),
            len(inputs),
            latency.count,
            warmup=max(each.warmup for each in series),
            steady=all(each.steady for each in series),
            surroundings=combined([each.surroundings for each in series]),
        ),
    )


def launches(
    files: BundleFiles,
    target: str,
    series: Sequence[Sequence[Inputs]],
    *,
    threads: Sequence[int],
    seconds: float,
    progress: Progress,
    once: bool = False,
) -> Mapping[int, tuple[Launch, ...]]:
    """Measure a bundle in ``PROCESSES`` processes for each number of threads, which take turns.

    Args:
        files: The bundle.
        target: Of it.
        series: For each series its inputs, from the smallest to the largest.
        threads: Numbers of intra-op threads.
        seconds: That a series may take in one process, about.
        progress: Told of every process.
        once: Whether one process is enough.

    Raises:
        BadInput: A process fails; the message says why.
    """
    measured: dict[int, list[Launch]] = {count: [] for count in threads}
    processes = 1 if once else PROCESSES
    with temporary_folder() as folder:
        paths = [
            [_written(arrays, folder / f"{i}-{j}.npz") for j, arrays in enumerate(inputs)]
            for i, inputs in enumerate(series)
        ]
        for turn in range(processes):
            for i, count in enumerate(threads):
                progress.step(turn * len(threads) + i, processes * len(threads))
                request = LaunchRequest(
                    bundle=str(files.folder),
                    target=target,
                    threads=count,
                    seconds=seconds,
                    series=paths,
                    kernels=files.kernels,
                )
                measured[count].append(_launch(request))
    return {count: tuple(of_threads) for count, of_threads in measured.items()}


def _written(arrays: Inputs, path: Path) -> str:
    write_npz(path, arrays)
    return str(path)


def _launch(request: LaunchRequest) -> Launch:
    process = subprocess.run(
        [sys.executable, "-m", "edgeattn_runtime.timing.launch"],
        input=json.dumps(asdict(request)),
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode < 0:  # nobody was left to say a word
        raise BadInput(
            f"{request.bundle}: signal {-process.returncode} ended the process that measured it, most likely "
            "for lack of memory; ask for smaller shapes"
        )
    if process.returncode:
        raise BadInput(process.stderr.strip())
    return msgspec.json.decode(process.stdout, type=Launch)
