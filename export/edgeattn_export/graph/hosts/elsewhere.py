"""A worker process that runs sessions in another environment, a process a session."""

from __future__ import annotations

import os
import subprocess
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from threading import Lock
from typing import IO, TYPE_CHECKING, Any

from numpy.typing import NDArray

import edgeattn_runtime.errors
from edgeattn_export.graph.hosts.environment import Environment
from edgeattn_export.graph.hosts.frames import Arrays, read_frame, write_frame
from edgeattn_export.graph.hosts.host import Opening
from edgeattn_export.graph.runner import Partition
from edgeattn_runtime.errors import BundleError, IncompatibleRuntimeError
from edgeattn_runtime.fields import Scalar
from edgeattn_runtime.latency import Call, Name
from edgeattn_runtime.race import Pace, RaceTimes, race_calls
from edgeattn_runtime.turns import Clock, Rounds, timed

if TYPE_CHECKING:  # a worker, which this package is imported by, has no PyTorch
    from edgeattn_export.graph.samples import Inputs


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The host of engines that exclude this process's own, or are no Python.

    Attributes:
        environment: What its workers run in.
        emulated: Whether it emulates the device.
        options: Of its sessions beside the engine's own, such as which device an emulator is.
    """

    environment: Environment
    emulated: bool = False
    options: Mapping[str, Scalar] = field(default_factory=dict, hash=False)

    def missing(self) -> str | None:
        """Say what is not installed, and the command that installs it; None where all is there."""
        lacking = self.environment.missing()
        return lacking and f"{lacking}; edgeattn targets --install {self.environment.name}"

    def install(self) -> None:
        """Install the environment; raises BadInput where that fails."""
        self.environment.install()

    def machine(self) -> str:
        """Return what runs its sessions, as a worker tells it; raises as ``open`` does."""
        answer, _ = self._worker().ask({"verb": "machine"})
        return str(answer["machine"])

    def open(self, opening: Opening) -> WorkerRunner:
        """Start a worker, and open a file there.

        Raises:
            BundleError: The engine refuses it, or the worker ends.
            IncompatibleRuntimeError: It is beyond the environment's release, or there is no environment.
        """
        return WorkerRunner(
            self._worker(),
            {
                "model": str(opening.path.absolute()),
                "providers": opening.providers,
                "options": {**self.options, **opening.options},
                "settings": asdict(opening.settings),
            },
        )

    def turns(self, calls: Mapping[Name, Call], clock: Clock, rounds: Rounds) -> dict[Name, list[float]]:
        """Time calls from here: each holds the way to its worker and back."""
        return timed(calls, clock, rounds)

    def race(self, calls: Mapping[Name, Call], pace: Pace) -> RaceTimes:
        """Race calls from here, as ``turns`` times them."""
        return race_calls(calls, pace)

    def races(
        self, races: Iterable[Mapping[Name, Call]], clock: Clock, rounds: Rounds
    ) -> Iterator[dict[Name, list[float]]]:
        """Time one set of calls after the other."""
        return (timed(calls, clock, rounds) for calls in races)

    def _worker(self) -> Worker:
        lacking = self.missing()
        if lacking is not None:
            raise IncompatibleRuntimeError(lacking)
        return Worker(self.environment.command())


class Worker:
    """A process that answers requests, one after the other, of any thread; it ends with this object."""

    def __init__(self, command: Sequence[str]) -> None:
        self._lock = Lock()
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the worker
        environment = {**os.environ, "ORT_DISABLE_TELEMETRY": "1"}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._words, env=environment
        )
        weakref.finalize(self, _end, self._process, self._words)

    def ask(
        self, message: Mapping[str, object], arrays: Arrays | None = None
    ) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return the answer to a request, and its arrays.

        Raises:
            EdgeAttnError: What the worker raised.
            BundleError: The worker has ended.
        """
        requests, answers = self._process.stdin, self._process.stdout
        if requests is None or answers is None:
            raise TypeError("a worker without pipes")
        frame = None
        with self._lock, suppress(BrokenPipeError):
            write_frame(requests, message, arrays)
            frame = read_frame(answers)
        if frame is None:
            raise BundleError(f"the worker ended with code {self._process.wait()}: {self._last_words()}")
        answer, outputs = frame
        if "error" in answer:
            raise getattr(edgeattn_runtime.errors, answer["error"])(answer["reason"])
        return answer, outputs

    def _last_words(self) -> str:
        self._words.seek(0)
        lines = self._words.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


class WorkerRunner:
    """A graph in a worker. A call that is timed holds the way there and back, about 0.1 ms."""

    def __init__(self, worker: Worker, opening: Mapping[str, object]) -> None:
        self._worker = worker
        opened, _ = worker.ask({"verb": "open", **opening})
        self._inputs: tuple[str, ...] = tuple(opened["inputs"])

    def __call__(self, inputs: Inputs) -> dict[str, NDArray[Any]]:
        """Answer once; raises InputError or BundleError as the worker does."""
        _, outputs = self._worker.ask({"verb": "answer"}, self._fed(inputs))
        return outputs

    def bind(self, inputs: Inputs) -> Callable[[], object]:
        """Send inputs now; the call runs them there, and its answer stays there."""
        bound, _ = self._worker.ask({"verb": "bind"}, self._fed(inputs))
        return lambda: self._worker.ask({"verb": "run", "slot": bound["slot"]})

    def partitions(self) -> tuple[Partition, ...]:
        """Return what runs where, as the worker tells it."""
        answer, _ = self._worker.ask({"verb": "tell"})
        return tuple(Partition(provider, tuple(nodes)) for provider, nodes in answer["partitions"])

    def _fed(self, inputs: Inputs) -> Arrays:
        return {name: inputs[name] for name in self._inputs}


def _end(process: subprocess.Popen[bytes], words: IO[bytes]) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, words):
        if stream is not None:
            stream.close()
