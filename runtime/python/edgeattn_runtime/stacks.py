"""How many independent rows to run in one call: measured, so that it belongs to a variant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.fields import Field
from edgeattn_runtime.graph import Symbol


@dataclass(frozen=True, slots=True)
class Stack:
    """How many rows of at most these sizes, by symbol, one call takes for the least time a row."""

    sizes: Mapping[str, int]
    rows: int

    @classmethod
    def from_field(cls, field: Field) -> Stack:
        """Read one entry of a variant's ``stacks``."""
        fields = field.record("sizes", "rows")
        sizes = {symbol: size.integer(1) for symbol, size in fields["sizes"].table().items()}
        return cls(sizes, fields["rows"].integer(1))


def together(stacks: Iterable[Stack], sizes: Mapping[str, int]) -> int:
    """Return how many rows of these sizes, by symbol, to run in one call: the first stack that holds them."""
    for stack in stacks:
        if all(sizes[symbol] <= most for symbol, most in stack.sizes.items()):
            return stack.rows
    return 1


def check_stack(key: str, stack: Stack, known: Iterable[str], batch: Symbol) -> None:
    """Check that a stack counts rows by the symbols that they have.

    Args:
        key: Where it stands, for the message.
        stack: What stands there.
        known: The symbols of the main graph's inputs but the batch.
        batch: The bounds of that one.

    Raises:
        BundleError: It names other symbols, or more rows than a call may have.
    """
    if sorted(stack.sizes) != sorted(known):
        found, expected = (", ".join(names) or "none" for names in (stack.sizes, known))
        raise BundleError(f"{key}.sizes: {found} found, {expected} expected as in the inputs")
    if not batch.allows(stack.rows):
        raise BundleError(f"{key}.rows: {stack.rows} found, {batch} expected as in symbols")
