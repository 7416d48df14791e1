"""An edge case before it is tried, and what it is derived from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeattn_export.graph.axes import Axes
from edgeattn_export.graph.samples import Inputs, Samples
from edgeattn_runtime.generation import Generation
from edgeattn_runtime.graph import Graph, Symbol
from edgeattn_runtime.rows import Padding, Rows


@dataclass(frozen=True, slots=True)
class Case:
    """Inputs with a name.

    Attributes:
        name: What is special about them.
        inputs: For all runners.
        alone: The last row as the original is asked instead, without its padding; None asks all the same.
        beyond: Whether no real input is like it: what int8 answers is told, and fails nothing.
    """

    name: str
    inputs: Inputs
    alone: Inputs | None = None
    beyond: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What edge cases are derived from.

    Attributes:
        graph: The contract of the whole model.
        symbols: The sizes that its dims may take.
        axes: The inputs' axes.
        samples: Real ones, whose rows are cut and joined.
        padding: How padding is told; None where no input tells it.
        rows: What is proven of its rows; None where nothing is.
        generation: What makes it step; None where it does not.
        by_row: Whether int8 is given one row at a time, so that several show nothing more of it.
    """

    graph: Graph
    symbols: Mapping[str, Symbol]
    axes: Axes
    samples: Samples
    padding: Padding | None
    rows: Rows | None
    generation: Generation | None = None
    by_row: bool = False

    @property
    def batch(self) -> str | None:
        """The symbol of the batch, where it may hold several rows."""
        symbol = self.axes.batch
        return symbol if symbol is not None and self.symbols[symbol].allows(2) else None

    @property
    def derived(self) -> frozenset[str]:
        """Inputs that a model which steps does not read, as it knows them by the number of tokens."""
        if self.generation is None:
            return frozenset()
        read = {self.generation.tokens, *self.generation.sources}
        return frozenset(tensor.name for tensor in self.graph.inputs) - read
