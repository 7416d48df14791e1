"""Which input holds the tokens, which inputs belong to a source, and which output holds the logits."""

from __future__ import annotations

from dataclasses import dataclass

from edgeattn_export.incremental.refusal import CannotStep
from edgeattn_runtime.bundle.manifest import INTEGERS, Graph, Tensor


@dataclass(frozen=True, slots=True)
class Roles:
    """The parts that a decoder's inputs and outputs play.

    Attributes:
        tokens: The input that grows by the tokens written so far, an integer tensor (batch, sequence).
        logits: The first output (batch, sequence, vocabulary).
        sources: The other inputs: given once, before the first token. None without an encoder.
        batch: The tokens' first dim, a symbol or a size.
        sequence: The symbol of the tokens' length.
    """

    tokens: Tensor
    logits: Tensor
    sources: tuple[Tensor, ...]
    batch: int | str
    sequence: str

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """All inputs, the tokens first."""
        return (self.tokens, *self.sources)


def find_roles(graph: Graph) -> Roles:
    """Read the roles off a contract.

    Raises:
        CannotStep: It is no decoder's: a first output without a sequence, no integer input or several
            with that sequence, or another input that has it too.
    """
    logits = graph.outputs[0]
    if len(logits.dims) != 3 or not isinstance(logits.dims[1], str):
        raise CannotStep(f"output {logits} found; expected (batch, sequence, vocabulary)")
    batch, sequence = logits.dims[0], logits.dims[1]
    sharing = [tensor for tensor in graph.inputs if sequence in tensor.dims]
    tokens = [tensor for tensor in sharing if tensor.dtype in INTEGERS and tensor.dims == (batch, sequence)]
    if len(tokens) != 1 or len(sharing) != 1:
        names = ", ".join(str(tensor) for tensor in sharing) or "none"
        raise CannotStep(
            f"inputs of the output's length {sequence!r}: {names} found; only one expected, integer tokens "
            f"({batch}, {sequence}), or with it masks whose padding stands last and positions from 0; "
            "leave others out, and give another length its own name in dynamic"
        )
    sources = tuple(tensor for tensor in graph.inputs if tensor not in tokens)
    return Roles(tokens[0], logits, sources, batch, sequence)
