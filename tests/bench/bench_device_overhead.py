"""What the way to a device adds to a measurement: races of layers through it and directly, in turns.

    python tests/bench/bench_device_overhead.py [--milliseconds 1 0.1 0.02] [--pairs 15] [--ssh]

A device is started here by a command, or with ``--ssh`` over an sshd of its own on loopback. Both ways open
the same files in new sessions, and make the rounds that a search makes, of six graphs that a device does
not know for the same. Printed is how much longer a race takes through it, the median over pairs, and how much
more processor time all processes take, which other work on this machine disturbs less: races of layers that
take so many milliseconds, by the number of races that are asked for at once. Fails where races of layers of
1 ms and more take over 5 % longer.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

import numpy as np
import onnx.parser
import psutil

sys.path.append(str(Path(__file__).parents[1] / "edgeattn" / "devices"))

from loopback import Sshd

from edgeattn.devices import steady
from edgeattn.devices.address import Address
from edgeattn.devices.connection import Connection
from edgeattn.devices.host import RACES_PER_REQUEST, DeviceHost
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.hosts import HERE, Host
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.search.cost import ROUNDS
from edgeattn_runtime.timing.interleaved import Clock, Rounds, timed
from edgeattn_runtime.timing.latency import Call

WIDTH = 256
TREATMENTS = 6  # graphs in a race, as a search has them of a layer
MOST = 0.05  # that the way there may add to a race of layers of 1 ms and more


@contextmanager
def device(*, ssh: bool) -> Iterator[DeviceHost]:
    """Start a device, and connect to it."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        address = Address("bench", (sys.executable, "-m", "edgeattn_runtime.device", "--files", folder))
        if ssh:
            sshd = Sshd.made(Path(folder))
            sshd.start()
            stack.callback(sshd.stop)
            os.environ["PATH"] = f"{sshd.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
            address = Address.of("pi")
        connection = Connection(address)
        stack.callback(connection.close)
        yield DeviceHost(steady.Steady(connection))


def written(folder: Path) -> list[Path]:
    """Write the graphs of a race, each into a folder of its own."""
    files = [folder / str(i) / "model.onnx" for i in range(TREATMENTS)]
    for i, file in enumerate(files):
        file.parent.mkdir()
        file.write_bytes(onnx.parser.parse_model(layer(f"layer{i}")).SerializeToString())
    return files


def layer(name: str) -> str:
    """Return a graph of that name, in ONNX's own words."""
    return f"""<ir_version: 9, opset_import: ["" : 17]>
        {name} (float[S, {WIDTH}] x, float[{WIDTH}, {WIDTH}] w) => (float[S, {WIDTH}] y) {{
            y = MatMul (x, w)
        }}"""


def rows_of(file: Path, milliseconds: float) -> int:
    """Return how many rows take a layer so long here: the time is not quite in proportion."""
    rows = 64
    for _ in range(4):
        call = ORT_CPU.file_runner(file).bind(inputs_of(rows))
        found = median(timed({0: call}, Clock(), Rounds(20, 20, warmup=5))[0])
        rows = max(1, round(rows * milliseconds / found))
    return rows


def inputs_of(rows: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    return {
        name: generator.standard_normal((size, WIDTH), np.float32)
        for name, size in (("x", rows), ("w", WIDTH))
    }


def processor_seconds() -> float:
    """Return what this process and those that it started have taken."""
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    return sum(times.user + times.system for times in (process.cpu_times() for process in processes))


def seconds(host: Host, files: Sequence[Path], rows: int, races: int) -> tuple[float, float]:
    """Return what races take, sessions and all, on the wall's clock and of the processor."""
    engine: Engine = ORT_CPU.on(host)
    inputs = inputs_of(rows)

    def calls() -> Mapping[int, Call]:
        return {i: engine.file_runner(file).bind(inputs) for i, file in enumerate(files)}

    start, before = time.perf_counter(), processor_seconds()
    for _ in host.races((calls() for _ in range(races)), Clock(), ROUNDS):
        pass
    return time.perf_counter() - start, processor_seconds() - before


def main() -> int:
    """Measure, and print a line for each size of layer and number of races."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--milliseconds", type=float, nargs="+", default=[1.0, 0.1, 0.02])
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--ssh", action="store_true")
    args = parser.parse_args()
    within = True
    steady.REPEATS = 0  # what other work disturbs is not made again: it is the way there that is asked about
    with tempfile.TemporaryDirectory() as folder, device(ssh=args.ssh) as host:
        files = written(Path(folder))
        for milliseconds in args.milliseconds:
            rows = rows_of(files[0], milliseconds)
            for races in (1, RACES_PER_REQUEST):
                pairs = [
                    (seconds(host, files, rows, races), seconds(HERE, files, rows, races))
                    for _ in range(args.pairs + 1)
                ][1:]  # the first one sends the files
                over = median(there[0] / here[0] for there, here in pairs) - 1
                more = sum(there[1] for there, _ in pairs) / sum(here[1] for _, here in pairs) - 1
                one = median(here[0] for _, here in pairs) / races
                within = within and (over < MOST or milliseconds < 1)
                print(
                    f"{milliseconds:6} ms a layer, {races} at once: {one * 1e3:7.1f} ms a race, {over:+.1%}; "
                    f"{more:+.1%} processor time",
                    flush=True,
                )
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
