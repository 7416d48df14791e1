"""What a search works with: what it tries, where it measures, and what was measured there before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import onnx_ir as ir

from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.hosts import HERE, Host
from edgeattn_export.graph.runner import Runner
from edgeattn_export.search.candidates import Candidates
from edgeattn_export.search.store import Answer, Question, Store
from edgeattn_runtime.latency import Call, Name
from edgeattn_runtime.turns import Clock, Rounds

VERSION = 3  # of what is measured, and how


@dataclass(frozen=True, slots=True)
class Bench:
    """A device to measure on.

    Attributes:
        candidates: What is tried.
        device: A stable name of its processor, instruction sets and engine: what a measurement depends on.
        store: What was measured before.
        host: Where graphs are timed.
        threads: Intra-op threads of what is timed.
    """

    candidates: Candidates
    device: str
    store: Store
    host: Host = HERE
    threads: int = 1

    def runner(self, engine: Engine, model: ir.Model) -> Runner:
        """Open a graph where it is timed."""
        return engine.on(self.host).runner(model, threads=self.threads)

    def turns(self, calls: Mapping[Name, Call], rounds: Rounds) -> dict[Name, list[float]]:
        """Time calls of these graphs side by side: in processor time, or on several threads by the wall's."""
        clock = Clock() if self.threads == 1 else Clock("wall")
        return self.host.turns(calls, clock, rounds)

    def answer(self, question: Question, measure: Callable[[], Answer]) -> Answer:
        """Return what is known of a question on this device, measured now where nothing is."""
        asked = {**question, "on": self.device, "version": VERSION}
        answer = self.store.get(asked)
        if answer is None:
            answer = measure()
            self.store.put(asked, answer)
        return answer
