"""What a rule is: where it may begin, whether it applies there, and what it puts in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import onnx_ir as ir
from onnx_ir.tape import Tape

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


Check = Callable[[ir.Node], Emit | Refusal | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One graph rewrite.

    Attributes:
        name: In the report.
        roots: The operators at which its form is looked for.
        check: Reads the graph. Returns what emits the nodes that take the place of the form found at a node,
            why it cannot be rewritten, or None where there is none. What emits may have a ``note``: a
            ``Note`` for the model author, or None.
    """

    name: str
    roots: frozenset[str]
    check: Check


def rule(name: str, *roots: str) -> Callable[[Check], Rule]:
    """Make a rule of a function: ``@rule("softmax", "Div")`` above ``def recover_softmax(node)``."""
    return partial(Rule, name, frozenset(roots))
