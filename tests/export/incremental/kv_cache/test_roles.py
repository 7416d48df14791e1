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


def test_a_decoder_has_no_source() -> None:
    roles = find_roles(_graph((TOKENS,)))
    assert (roles.tokens, roles.logits, roles.sources) == (TOKENS, LOGITS, ())
    assert (roles.batch, roles.sequence) == ("batch", "sequence")


def test_whatever_is_not_the_tokens_is_the_source() -> None:
    roles = find_roles(_graph((PIXELS, TOKENS)))
    assert (roles.sources, roles.inputs) == ((PIXELS,), (TOKENS, PIXELS))


def test_the_first_output_is_the_logits() -> None:
    roles = find_roles(_graph((PIXELS, TOKENS), (LOGITS, MEMORY)))
    assert (roles.logits, roles.memories) == (LOGITS, (MEMORY,))


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
