"""What a row of the coverage table is: one form of attention, built small and fed with seeded inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass

from torch import Tensor, nn

from edgeattn_export.graph.axes import Dynamic

Inputs = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class Padding:
    """The input that says which positions are padding, and the value that says so."""

    input: str
    hidden: int


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write attention.

    Attributes:
        name: As the table prints it.
        build: Makes the module; its weights are moved off their initial values afterwards.
        family: The part of the table that it belongs to.
        samples: Makes what the export sees, of several batch sizes and lengths.
        attentions: Attention operators that the graph must hold.
        padding: Where the form takes a padding mask.
        dynamic: Axis names, where the samples' sizes alone would not tell them.
        refusal: Part of the reason why it is not kept whole: only where the operator cannot express it.
        steps: Self-attentions of a decoder, whose keys and values its cache keeps; 0 of any other model.
    """

    name: str
    build: Callable[[], nn.Module]
    _: KW_ONLY
    family: str
    samples: Callable[[], Sequence[Mapping[str, object]]]
    attentions: int = 1
    padding: Padding | None = None
    dynamic: Dynamic | None = None
    refusal: str | None = None
    steps: int = 0
