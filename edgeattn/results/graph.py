"""What became of a model's graphs: parts by module, forms of layers, rules that were refused, placement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ModulePart:
    """A PyTorch module's part of the graphs.

    Attributes:
        module: Its path; empty for what belongs to none. Merged ones are joined: ``layer.key+value``.
        nodes: Of the graphs.
        size_mb: Of the weights that they read, 1 MB = 10^6 bytes; what several read counts for the first.
    """

    module: str
    nodes: int
    size_mb: float


@dataclass(frozen=True, slots=True)
class Layer:
    """The form that one layer was given, and how near its own output stayed.

    Attributes:
        module: Its path.
        form: As a recipe names it, or "float".
        noun: What it is, such as "linear layer".
        r2: Of its output to the float graph's; None where it was not measured.
        trained_grid: "kept" or "kept with its input's" where it has the grid that training left it, else why
            not; empty where it left none.
    """

    module: str
    form: str
    noun: str
    r2: float | None
    trained_grid: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A place that matches a rule's pattern but was not rewritten, and why."""

    rule: str
    node: str
    module: str
    reason: str


@dataclass(frozen=True, slots=True)
class Fallback:
    """Nodes of one operator that an execution provider leaves to the next one.

    Attributes:
        modules: The PyTorch modules that they came from, each once; empty for the model itself.
        share: Of all multiply-accumulates.
    """

    operator: str
    count: int
    modules: tuple[str, ...]
    share: float
    reason: str


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the work of one graph runs.

    Attributes:
        how: By rule, before the graph was opened, or as the session reports.
        provider: The execution provider that is wanted.
        shares: By execution provider its share of the multiply-accumulates; they sum to 1.
        partitions: How many graphs of its own the wanted provider makes of it.
        fallbacks: What it leaves to others, the largest share first.
    """

    how: Literal["expected", "found"]
    provider: str
    shares: Mapping[str, float]
    partitions: int
    fallbacks: tuple[Fallback, ...]

    @property
    def is_whole(self) -> bool:
        """Whether all of it runs where it is wanted, in one piece."""
        return not self.fallbacks and self.partitions == 1
