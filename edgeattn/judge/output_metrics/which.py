"""Which output a metric is of: the only one that can be, or the one that bears its name."""

from __future__ import annotations

from typing import Literal

from edgeattn_runtime.errors import BudgetError
from edgeattn_runtime.graph import Graph, Tensor

Holds = Literal["logits", "embedding"]

DIMS: dict[Holds, str] = {"logits": "(batch, ..., classes)", "embedding": "(batch, size)"}


def output_of(graph: Graph, limit: str, holds: Holds) -> Tensor:
    """Return the output that holds logits, or embeddings.

    Args:
        graph: The model's contract.
        limit: By which it is asked for.
        holds: Which of the two.

    Raises:
        BudgetError: None can, or several may and none bears the name.
    """
    able = [tensor for tensor in graph.outputs if _can_hold(tensor, holds)]
    named = [tensor for tensor in able if tensor.name.rpartition(".")[-1] in (holds, f"{holds}s")]
    if len(named or able) == 1:
        return (named or able)[0]
    if not able:
        found = ", ".join(map(str, graph.outputs))
        raise BudgetError(
            f"budget {limit}: {found} found, floats {DIMS[holds]} expected; ask for another limit"
        )
    names = ", ".join(tensor.name for tensor in able)
    raise BudgetError(
        f"budget {limit}: each of the outputs {names} may be what it is of, one named {holds!r} expected; "
        "rename that one"
    )


def _can_hold(tensor: Tensor, holds: Holds) -> bool:
    dims = tensor.dims
    ranked = len(dims) == 2 if holds == "embedding" else len(dims) >= 2
    return ranked and tensor.dtype.startswith("float") and isinstance(dims[-1], int) and dims[-1] > 1
