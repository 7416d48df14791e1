"""What a rule is: where it may begin, whether it applies there, and what it puts in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

import onnx_ir as ir
from onnx_ir.tape import Tape

M = TypeVar("M")

Replaced = Mapping[ir.Value, ir.Value]  # the new value for each that a rewrite replaces
Emit = Callable[[Tape], Replaced]  # records the new nodes


@dataclass(frozen=True, slots=True)
class Refusal:
    """The rule's own form was found, but cannot be rewritten: why, in words for the model author."""

    reason: str


@dataclass(frozen=True, slots=True)
class Note:
    """A rewrite is made, but the model author should know something of it."""

    topic: str
    reason: str


class Rule(Protocol[M]):
    """One graph rewrite. ``check`` reads the graph, ``rewrite`` writes to the tape; neither keeps state."""

    @property
    def name(self) -> str:
        """The rule's name in the report."""

    @property
    def roots(self) -> frozenset[str]:
        """The operators at which its form is looked for."""

    def check(self, node: ir.Node) -> M | Refusal | None:
        """Return the form found at ``node``, why it cannot be rewritten, or None where there is none.

        A form may have a ``note``: a ``Note`` for the model author, or None.
        """

    def rewrite(self, tape: Tape, match: M) -> Replaced:
        """Record the new nodes on the tape and return the new value for each value that it replaces."""


Match = Callable[[ir.Node], Emit | Refusal | None]


@dataclass(frozen=True, slots=True)
class FunctionRule:
    """A rule that is one function: what it returns for a node emits what takes the form's place."""

    name: str
    roots: frozenset[str]
    match: Match

    def check(self, node: ir.Node) -> Emit | Refusal | None:
        """Call the function."""
        return self.match(node)

    def rewrite(self, tape: Tape, match: Emit) -> Replaced:
        """Call what the function returned."""
        return match(tape)


def rule(name: str, *roots: str) -> Callable[[Match], FunctionRule]:
    """Make a rule of a function: ``@rule("softmax", "Div")`` above ``def recover_softmax(node)``."""
    return partial(FunctionRule, name, frozenset(roots))
