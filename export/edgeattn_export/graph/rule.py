"""What a rule is: where it may begin, whether it applies there, and what it puts in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar, runtime_checkable

import onnx_ir as ir
from onnx_ir.tape import Tape

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Refusal:
    """The rule's own form was found, but cannot be rewritten: why, in words for the model author."""

    reason: str


@dataclass(frozen=True, slots=True)
class Note:
    """A rewrite is made, but the model author should know something of it."""

    topic: str
    reason: str


@runtime_checkable
class Noted(Protocol):
    """A match that has something to say."""

    @property
    def note(self) -> Note | None:
        """What the user should know, or None."""


class Rule(Protocol[M]):
    """One graph rewrite. ``check`` reads the graph, ``rewrite`` writes to the tape; neither keeps state."""

    @property
    def name(self) -> str:
        """The rule's name in the report."""

    @property
    def roots(self) -> frozenset[str]:
        """The operators at which its form is looked for."""

    def check(self, node: ir.Node) -> M | Refusal | None:
        """Return the form found at ``node``, why it cannot be rewritten, or None where there is none."""

    def rewrite(self, tape: Tape, match: M) -> Mapping[ir.Value, ir.Value]:
        """Record the new nodes on the tape and return the new value for each value that it replaces."""
