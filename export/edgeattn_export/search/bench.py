"""What a search works with: what it tries, where it measures, and what was measured there before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgeattn_export.search.candidates import Candidates
from edgeattn_export.search.store import Answer, Question, Store

VERSION = 3  # of what is measured, and how


@dataclass(frozen=True, slots=True)
class Bench:
    """A device to measure on.

    Attributes:
        candidates: What is tried.
        device: A stable name of its processor, instruction sets and engine: what a measurement depends on.
        store: What was measured before.
    """

    candidates: Candidates
    device: str
    store: Store

    def answer(self, question: Question, measure: Callable[[], Answer]) -> Answer:
        """Return what is known of a question on this device, measured now where nothing is."""
        asked = {**question, "on": self.device, "version": VERSION}
        answer = self.store.get(asked)
        if answer is None:
            answer = measure()
            self.store.put(asked, answer)
        return answer
