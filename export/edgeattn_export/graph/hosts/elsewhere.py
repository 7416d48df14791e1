"""A worker process that runs sessions in another environment, a process a session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from edgeattn_export.graph.hosts.environment import Environment
from edgeattn_export.graph.hosts.host import Host, Opening
from edgeattn_export.graph.runner import Partition
from edgeattn_runtime.device.frames import Arrays
from edgeattn_runtime.device.peer import Peer
from edgeattn_runtime.errors import IncompatibleRuntimeError
from edgeattn_runtime.fields import Scalar

if TYPE_CHECKING:  # a worker, which this package is imported by, has no PyTorch
    from edgeattn_export.graph.samples import Inputs


@dataclass(frozen=True, slots=True)
class Elsewhere(Host):
    """The host of engines that exclude this process's own, or are no Python.

    Attributes:
        environment: What its workers run in.
        emulated: Whether it emulates the device.
        options: Of its sessions, in addition to the engine's, such as which device an emulator is.
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
        """Return what runs its sessions, as a worker reports it; raises as ``open`` does."""
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

    def _worker(self) -> Peer:
        lacking = self.missing()
        if lacking is not None:
            raise IncompatibleRuntimeError(lacking)
        return Peer(self.environment.command())


class WorkerRunner:
    """A graph in a worker. A call that is timed holds the way there and back, about 0.1 ms."""

    def __init__(self, worker: Peer, opening: Mapping[str, object]) -> None:
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
        """Return what runs where, as the worker reports it."""
        answer, _ = self._worker.ask({"verb": "place"})
        return tuple(Partition(provider, tuple(nodes)) for provider, nodes in answer["partitions"])

    def _fed(self, inputs: Inputs) -> Arrays:
        return {name: inputs[name] for name in self._inputs}
