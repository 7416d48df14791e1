from __future__ import annotations

import pytest

from edgeattn_export.incremental.kv_cache.roles import find_roles
from edgeattn_export.incremental.refusal import CannotStep
from edgeattn_runtime.bundle.manifest import Graph, Tensor

TOKENS = Tensor("tokens", "int64", ("batch", "sequence"))
LOGITS = Tensor("logits", "float32", ("batch", "sequence", 50))
PIXELS = Tensor("pixels", "float32", ("batch", 3, 32, 32))
MEMORY = Tensor("memory", "float32", ("batch", 16, 8))


def _graph(inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...] = (LOGITS,)) -> Graph:
    return Graph(inputs, outputs)


def test_whatever_is_not_the_tokens_is_a_source_and_the_first_output_the_logits() -> None:
    alone, roles = find_roles(_graph((TOKENS,))), find_roles(_graph((PIXELS, TOKENS), (LOGITS, MEMORY)))
    assert (alone.tokens, alone.logits, alone.sources) == (TOKENS, LOGITS, ())
    assert (alone.batch, alone.sequence) == ("batch", "sequence")
    assert (roles.logits, roles.sources, roles.inputs) == (LOGITS, (PIXELS,), (TOKENS, PIXELS))


@pytest.mark.parametrize(
    ("graph", "named"),
    [
        (
            _graph((TOKENS,), (Tensor("tags", "float32", ("batch", 4)),)),
            "tags: .*batch, sequence, vocabulary",
        ),
        (
            _graph((TOKENS,), (Tensor("logits", "float32", ("batch", 1, 50)),)),
            "logits: .*batch, sequence, vocabulary",
        ),
        (_graph((PIXELS,)), "'sequence': none "),
        (_graph((TOKENS, Tensor("mask", "int64", ("batch", "sequence")))), "'sequence': tokens: .*, mask: "),
        (_graph((Tensor("frames", "float32", ("batch", "sequence", 80)),)), "'sequence': frames: "),
    ],
)
def test_says_what_no_decoder_has(graph: Graph, named: str) -> None:
    with pytest.raises(CannotStep, match=named):
        find_roles(graph)
