"""What a search works with: what it tries, where it measures, and what was measured there before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import onnx_ir as ir

from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.hosts import HERE, Host
from edgeattn_export.graph.runner import Runner
from edgeattn_export.search.candidates import Candidates
from edgeattn_export.search.store import Answer, Question, Store
from edgeattn_runtime.timing.interleaved import Clock, Rounds
from edgeattn_runtime.timing.latency import Call, Name

VERSION = 8  # of what is measured, and how


class Step(Protocol):
    """Told of each step."""

    def __call__(self, done: int, total: int, doing: str) -> None:
        """Hear that ``done`` of ``total`` steps are behind, and what is being done, in words."""


def silent(done: int, total: int, doing: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Rig:
    """A device to measure on.

    Attributes:
        candidates: What is tried.
        device: A stable name of its processor, instruction sets and engine: what a time depends on.
        store: What was measured before.
        host: Where graphs are timed.
        threads: Intra-op threads of what is timed.
        here: Such a name of this machine, which all but times depend on; None where it is the device.
    """

    candidates: Candidates
    device: str
    store: Store
    host: Host = HERE
    threads: int = 1
    here: str | None = None

    def runner(self, engine: Engine, model: ir.Model) -> Runner:
        """Open a graph where it is timed."""
        return engine.on(self.host).runner(model, threads=self.threads)

    def turns(self, calls: Mapping[Name, Call], rounds: Rounds) -> dict[Name, list[float]]:
        """Time calls of these graphs side by side."""
        return self.host.turns(calls, self._clock, rounds)

    def races(
        self, races: Iterable[Mapping[Name, Call]], rounds: Rounds
    ) -> Iterator[dict[Name, list[float]]]:
        """Time one set of calls after the other, each side by side."""
        return self.host.races(races, self._clock, rounds)

    @property
    def _clock(self) -> Clock:
        """Processor time; where several threads share the work, wall-clock time."""
        return Clock() if self.threads == 1 else Clock("wall")

    def computed(self, question: Question, compute: Callable[[], Answer]) -> Answer:
        """Return the stored answer to a question that this machine answers, or compute and store it."""
        key = _on_machine(question, self.here or self.device)
        answer = self.store.get(key)
        if answer is None:
            answer = compute()
            self.store.put(key, answer)
        return answer

    def answers(
        self, questions: Sequence[Question], measure: Callable[[Sequence[int]], Iterator[Answer]]
    ) -> Iterator[Answer]:
        """Yield the answers to questions on this device, each stored as soon as it is measured.

        Args:
            questions: In their order.
            measure: Yields the answers to those without a stored one, by their places.
        """
        keys = [_on_machine(question, self.device) for question in questions]
        stored = [self.store.get(question) for question in keys]
        measured = measure([place for place, answer in enumerate(stored) if answer is None])
        for question, answer in zip(keys, stored, strict=True):
            if answer is None:
                fresh = next(measured)
                self.store.put(question, fresh)
                yield fresh
            else:
                yield answer


def _on_machine(question: Question, machine: str) -> Question:
    return {**question, "on": machine, "version": VERSION}
