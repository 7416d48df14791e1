"""All that a device does for a host: five verbs, on plain data.

A request names files by their content, and may bring pieces of them, which are kept. Where a file is missing
the answer says so, and nothing else is done.

    describe  nothing                  ->  what this device is
    time      races                    ->  times of each in milliseconds, steadiness
    race      calls, pace              ->  times of each, warm-up and surroundings, steadiness
    answer    a call                   ->  outputs by name
    bench     files, threads, target,  ->  what ``python -m edgeattn_runtime bench --json`` prints
              rounds, kernels
"""

from __future__ import annotations

import ctypes
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

import edgeattn_runtime
from edgeattn_runtime.boundary import shortage
from edgeattn_runtime.device.files import Files
from edgeattn_runtime.device.frames import Message
from edgeattn_runtime.device.peer import Answer, serve, standard_streams
from edgeattn_runtime.device.request import BenchSpec, Piece, RaceSpec, TimingSpec, call_of
from edgeattn_runtime.device.sessions import Sessions
from edgeattn_runtime.device.steadiness import Watch
from edgeattn_runtime.engine.kernels import kernels_here
from edgeattn_runtime.engine.session import available_providers
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.fields import Field
from edgeattn_runtime.timing.interleaved import race_calls, timed
from edgeattn_runtime.timing.machine import Machine

IDLE = """
import edgeattn_runtime.commands.command_line, edgeattn_runtime.engine.system
print(edgeattn_runtime.engine.system.peak_memory_mb())
"""
_PR_SET_PDEATHSIG = 1  # of Linux's prctl

Bytes = dict[str, NDArray[Any]]


class Worker:
    """Performs verbs."""

    def __init__(self, files: Files, threads: int) -> None:
        self._files, self._threads = files, threads
        self._watch = Watch(files.folder / "reference.json")

    def describe(self, _: Field) -> Answer:
        """Tell what this device is."""
        return {
            "runtime": edgeattn_runtime.__version__,
            "machine": Machine.here(kernels_here()).to_table(),
            "providers": list(available_providers()),
            "threads": self._threads,
        }, {}

    def time(self, request: Field) -> Answer:
        """Time calls side by side, each race after the other, between two reference calls."""
        races = [TimingSpec.from_field(each) for each in request.record("races")["races"].items()]
        calls = [call for race in races for call in race.calls]
        if missing := self._missing(digest for call in calls for digest in call.digests):
            return missing
        before, times = self._watch.read(), []
        for race in races:
            with ExitStack() as stack:
                sessions = Sessions(self._files, stack)
                bound = {i: sessions.call(call) for i, call in enumerate(race.calls)}
                took = timed(bound, race.clock, race.rounds)
                times.append([took[i] for i in bound])
        return {"times": times, "steadiness": self._watch.steadiness(before, self._watch.read())}, {}

    def race(self, request: Field) -> Answer:
        """Race calls, warmed up until they get no faster, between two reference calls."""
        spec = RaceSpec.from_field(request)
        if missing := self._missing(digest for call in spec.calls for digest in call.digests):
            return missing
        before = self._watch.read()
        with ExitStack() as stack:
            sessions = Sessions(self._files, stack)
            times = race_calls({i: sessions.call(call) for i, call in enumerate(spec.calls)}, spec.pace)
        race = {**asdict(times), "milliseconds": list(times.milliseconds.values())}
        return {"race": race, "steadiness": self._watch.steadiness(before, self._watch.read())}, {}

    def answer(self, request: Field) -> Answer:
        """Answer inputs once."""
        fields = request.record("graph", "inputs")
        call = call_of(Field("", {name: each.value for name, each in fields.items()}))
        if missing := self._missing(call.digests):
            return missing
        with ExitStack() as stack:
            run, names = Sessions(self._files, stack).bound(call)  # type: ignore[arg-type]
            return {}, dict(zip(names, run(), strict=True))

    def bench(self, request: Field) -> Answer:
        """Benchmark a bundle in a process of its own."""
        spec = BenchSpec.from_field(request)
        if missing := self._missing(spec.files.values()):
            return missing
        before = self._watch.read()
        options = [f"--rounds={spec.rounds}", "--json"]
        if spec.threads:
            options.append(f"--threads={','.join(map(str, spec.threads))}")
        if spec.target is not None:
            options.append(f"--target={spec.target}")
        if not spec.kernels:
            options.append("--no-kernels")
        with self._files.laid_out(spec.files) as folder:
            result = json.loads(_python("-m", "edgeattn_runtime", "bench", str(folder), *options))
        idle = json.loads(_python("-c", IDLE).replace("None", "null"))
        steadiness = self._watch.steadiness(before, self._watch.read())
        return {"bench": result, "idle_mb": idle, "steadiness": steadiness}, {}

    def perform(self, verb: Callable[[Field], Answer], request: Message, content: Bytes) -> Answer:
        """Keep what a request brings, and do what it asks.

        Raises:
            BadInput: It is none, or cannot be done here.
            ResourceError: Memory runs out.
        """
        fields = {name: value for name, value in request.items() if name not in ("verb", "pieces")}
        try:
            pieces = [Piece.from_field(each) for each in Field("pieces", request.get("pieces", [])).items()]
            if set(content) != set(map(str, range(len(pieces)))):
                raise BadInput(
                    f"{len(content)} arrays beside {len(pieces)} pieces of files; one each expected"
                )
            self._files.keep([(piece, content[str(i)].tobytes()) for i, piece in enumerate(pieces)])
            return verb(Field("", fields))
        except RecursionError as error:
            raise BadInput("a request too deeply nested; send a flat one") from error
        except MemoryError as error:
            raise shortage("this measurement", "memory", error) from error
        except OSError as error:
            raise BadInput(f"{error.strerror or error}: {error.filename or 'a file'}") from error

    def _missing(self, digests: Iterable[str]) -> Answer | None:
        missing = self._files.missing(digests)
        return ({"missing": missing}, {}) if missing else None


def main() -> None:
    """Serve on the standard streams what the process that started this one hands over."""
    _end_with_parent()
    folder, limit, threads = sys.argv[1:]
    files = Files(Path(folder), int(limit))
    files.tidy()
    worker = Worker(files, int(threads))
    verbs = (worker.describe, worker.time, worker.race, worker.answer, worker.bench)
    serve({verb.__name__: _performed(worker, verb) for verb in verbs}, *standard_streams())


def _end_with_parent() -> None:
    """Measure no longer than the process that holds the device's turn, however that ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _performed(worker: Worker, verb: Callable[[Field], Answer]) -> Callable[[Message, Bytes], Answer]:
    return lambda request, content: worker.perform(verb, request, content)


def _python(*arguments: str) -> str:
    process = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    if process.returncode:
        words = process.stderr.strip().splitlines()
        raise BadInput(words[-1] if words else f"the benchmark ended with code {process.returncode}")
    return process.stdout


if __name__ == "__main__":
    main()
