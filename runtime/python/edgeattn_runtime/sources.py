"""What an encoder reads, as a caller hands it over: token ids, or one array per source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from edgeattn_runtime.contract import Arrays, bind, check_inputs
from edgeattn_runtime.errors import InputError
from edgeattn_runtime.graph import INTEGERS, Graph, Symbol
from edgeattn_runtime.prompt import read_tokens

Prompt = Iterable[int] | Mapping[str, object]


def read_sources(name: str, prompt: Prompt, encoder: Graph, symbols: Mapping[str, Symbol]) -> Arrays:
    """Return an encoder's inputs.

    Args:
        name: What the prompt is, for the message.
        prompt: By name, one array per input of the encoder, of its dtype and dims. Where its only input is
            integers (batch, source), token ids of one sequence will do, 1-D.
        encoder: The contract.
        symbols: The bounds of its symbolic dims.

    Raises:
        InputError: Token ids where arrays are expected, or inputs that do not keep the contract.
    """
    named = prompt if isinstance(prompt, Mapping) else _tokens(name, prompt, encoder)
    return check_inputs(encoder, symbols, named)


def sequences(sources: Arrays, encoder: Graph, batch: str) -> int:
    """Return how many sequences an encoder's inputs are of; ``batch`` is the symbol of that."""
    return bind(encoder.inputs, sources).get(batch, 1)


def _tokens(name: str, prompt: Iterable[int], encoder: Graph) -> Mapping[str, object]:
    tensor, *others = encoder.inputs
    if others or tensor.dtype not in INTEGERS or len(tensor.dims) != 2:
        expected = ", ".join(map(str, encoder.inputs))
        raise InputError(
            f"{name}: {type(prompt).__name__} found, a dict of arrays expected by the encoder: {expected}"
        )
    # The vocabulary of a source may be another, and the manifest does not tell it.
    return {tensor.name: [read_tokens(name, prompt, vocabulary=None).tolist()]}
