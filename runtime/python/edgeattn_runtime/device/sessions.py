"""Calls as a host describes them -> calls of sessions on this device."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from edgeattn_runtime.device.files import Files
from edgeattn_runtime.device.frames import unpacked
from edgeattn_runtime.device.request import CallSpec, CallsSpec, GraphSpec
from edgeattn_runtime.engine.graph_session import running
from edgeattn_runtime.engine.session import open_session
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.timing.interleaved import Each, InTurn
from edgeattn_runtime.timing.latency import Call


@dataclass
class Sessions:
    """Sessions of one measurement, opened once each, of files that are all here."""

    files: Files
    stack: ExitStack
    _opened: dict[str, onnxruntime.InferenceSession] = field(default_factory=dict, init=False)
    _inputs: dict[str, dict[str, NDArray[Any]]] = field(default_factory=dict, init=False)

    def call(self, spec: CallSpec | CallsSpec) -> Call:
        """Return a call of one session, or of several in turn, or of each; raises BadInput."""
        if isinstance(spec, CallSpec):
            return self.bound(spec)[0]
        calls = [self.call(each) for each in spec.calls]
        return InTurn(calls) if spec.in_turn else Each(calls)

    def bound(self, spec: CallSpec) -> tuple[Callable[[], list[NDArray[Any]]], list[str]]:
        """Return the call of a session with inputs, and its outputs' names; raises BadInput.

        Inputs that the graph does not take are left out.
        """
        session, name = self._session(spec.graph), spec.graph.name
        arrays = self._arrays(spec.inputs)
        inputs = [value.name for value in session.get_inputs()]
        if missing := [each for each in inputs if each not in arrays]:
            raise BadInput(f"inputs {', '.join(missing)} missing; {', '.join(arrays)} found")
        feeds = {each: arrays[each] for each in inputs}
        outputs = [value.name for value in session.get_outputs()]
        boundary = running(name, feeds)

        def call() -> list[NDArray[Any]]:
            with boundary:
                return [np.asarray(output) for output in session.run(outputs, feeds)]

        return call, outputs

    def _session(self, graph: GraphSpec) -> onnxruntime.InferenceSession:
        key = repr(graph)
        if key not in self._opened:
            self._opened[key] = open_session(
                self._source(graph),
                providers=graph.providers,
                options=graph.options,
                settings=graph.settings,
            )
        return self._opened[key]

    def _source(self, graph: GraphSpec) -> bytes | Path:
        """Return a graph that is one file, or the path of one next to its weights under their names.

        A folder would take longer than a short race: removing one takes ext4 some milliseconds.
        """
        if list(graph.files) == [graph.name]:
            return self.files.read(graph.files[graph.name])
        return self.stack.enter_context(self.files.laid_out(graph.files)) / graph.name

    def _arrays(self, digest: str) -> dict[str, NDArray[Any]]:
        if digest not in self._inputs:
            self._inputs[digest] = unpacked(self.files.read(digest))
        return self._inputs[digest]
