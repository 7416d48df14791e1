"""Calls as plain data -> calls of sessions on this device."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from safetensors.numpy import load

from edgeattn.devices.on_device.files import Files
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.graph_session import failure
from edgeattn_runtime.latency import Call
from edgeattn_runtime.session import ENGINE_ERRORS, open_session
from edgeattn_runtime.settings import SessionSettings
from edgeattn_runtime.turns import Each, InTurn

Plain = Mapping[str, Any]  # what JSON has, and bytes
Arrays = Mapping[str, NDArray[Any]]


@dataclass
class Sessions:
    """Sessions of one measurement, opened once each, of files that are all here.

    Attributes:
        files: What was sent.
        stack: Closes what is opened.
    """

    files: Files
    stack: ExitStack
    _opened: dict[str, onnxruntime.InferenceSession] = field(default_factory=dict, init=False)
    _inputs: dict[str, Arrays] = field(default_factory=dict, init=False)

    def call(self, told: Plain) -> Call:
        """Return the call that plain data describes: of one session, or of several in turn, or of each.

        Raises:
            BadInput: It describes none, or the engine refuses the graph.
        """
        if "calls" not in told:
            return self.bound(told["graph"], told["inputs"])[0]
        calls = [self.call(each) for each in told["calls"]]
        return InTurn(calls) if told["in_turn"] else Each(calls)

    def bound(self, graph: Plain, inputs: str) -> tuple[Callable[[], list[NDArray[Any]]], list[str]]:
        """Return the call of a session with inputs, and its outputs' names.

        Args:
            graph: ``name`` and ``files`` by name, ``providers``, ``options`` and ``settings`` of its session.
            inputs: A safetensors file, by its sha256; what the graph does not take is left out.
        """
        session = self._session(graph)
        arrays = self._arrays(inputs)
        names = [value.name for value in session.get_inputs()]
        if lacking := [name for name in names if name not in arrays]:
            raise BadInput(f"inputs {', '.join(lacking)} missing; {', '.join(arrays)} found")
        fed = {name: arrays[name] for name in names}
        outputs = [value.name for value in session.get_outputs()]

        def call() -> list[NDArray[Any]]:
            try:
                return [np.asarray(found) for found in session.run(outputs, fed)]
            except ENGINE_ERRORS as error:
                raise failure(str(graph["name"]), error, fed) from error

        return call, outputs

    def _session(self, graph: Plain) -> onnxruntime.InferenceSession:
        key = repr(sorted(graph.items()))
        if key not in self._opened:
            self._opened[key] = open_session(
                self._source(graph),
                providers=graph["providers"],
                options=graph["options"],
                settings=SessionSettings(**graph["settings"]),
            )
        return self._opened[key]

    def _source(self, graph: Plain) -> bytes | Path:
        """Return a graph that is one file, or the path of one that lies beside its weights under their names.

        A folder would take longer than a short race: removing one takes ext4 some milliseconds.
        """
        files: Mapping[str, str] = graph["files"]
        name: str = graph["name"]
        if list(files) == [name]:
            return self.files.read(files[name])
        return self.stack.enter_context(self.files.laid_out(files)) / name

    def _arrays(self, digest: str) -> Arrays:
        if digest not in self._inputs:
            self._inputs[digest] = load(self.files.read(digest))
        return self._inputs[digest]


def wanted(calls: Sequence[Plain]) -> dict[str, str]:
    """Return all contents that calls need, by a name for each."""
    found: dict[str, str] = {}
    for told in calls:
        if "calls" in told:
            found |= wanted(told["calls"])
        else:
            digests = (*told["graph"]["files"].values(), told["inputs"])
            found |= {digest: digest for digest in digests}
    return found
