from __future__ import annotations

import numpy as np
import pytest
from torch import nn

from edgeattn.judge.padding import Padded
from edgeattn.judge.trace.inputs import MOST_SAMPLES, PADDED_SAMPLES, TraceInput, pad_token, trace_inputs
from edgeattn_export.graph.axes import infer_axes
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_runtime.bundle.manifest import Graph, Tensor
from edgeattn_runtime.bundle.rows import Padding

DIMS = ("batch", "sequence")
TOKENS, MASK = Tensor("tokens", "int64", DIMS), Tensor("mask", "int64", DIMS)


def samples(count: int) -> Samples:
    lengths = [3 + 3 * (i % 4) for i in range(count)]
    rows = (np.arange(1, 1 + length)[None] for length in lengths)
    return Samples(tuple(Sample({"tokens": row, "mask": np.ones_like(row)}) for row in rows))


def made(count: int, padding: Padding | None, sizes: dict[str, int] | None = None) -> list[TraceInput]:
    them = samples(count)
    padded = Padded(Graph((TOKENS, MASK), ()), padding)
    return list(trace_inputs(them, padded, infer_axes(them, None), sizes or {}, pad=7))


def test_few_samples_are_all_taken_and_the_longest_come_again() -> None:
    found = made(12, Padding("mask", 0))
    assert [trial.name for trial in found[:12]] == [str(i) for i in range(12)]
    assert [trial.real for trial in found] == [True] * 12 + [False] * PADDED_SAMPLES
    again = found[12]
    assert again.name == "3 padded"
    assert again.inputs["mask"].tolist() == [[1] * 8 + [0] * 4]
    assert again.inputs["tokens"] is found[3].inputs["tokens"]
    assert again.counted(np.zeros((1, 12, 5))).shape == (8, 5)
    assert again.counted(np.zeros((1, 4, 12))).shape == (1, 4, 12)


def test_of_many_samples_some_are_taken() -> None:
    names = [trial.name for trial in made(1000, Padding("mask", 0)) if trial.real]
    assert len(names) == MOST_SAMPLES
    assert (names[0], names[-1]) == ("0", "999")


def test_where_no_input_tells_padding_tokens_may() -> None:
    again = made(4, None)[4]
    assert again.inputs["tokens"].tolist() == [[1, 2, 3, 4, 5, 6, 7, 8, 7, 7, 7, 7]]
    assert again.counting is None


def test_samples_are_brought_to_fixed_sizes() -> None:
    found = made(4, Padding("mask", 0), {"sequence": 6})
    assert {trial.inputs["tokens"].shape for trial in found} == {(1, 6)}


@pytest.mark.parametrize("token", [None, 1])
def test_the_padding_token_is_what_embeddings_keep_for_it(token: int | None) -> None:
    module = nn.Sequential(nn.Embedding(5, 2), nn.Embedding(5, 2, padding_idx=token))
    assert pad_token(module) == (token or 0)
