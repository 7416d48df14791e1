from __future__ import annotations

from collections import UserDict
from collections.abc import Callable, Mapping

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from edgeattn_export.capture import read_samples
from edgeattn_export.capture.original.reference import Call, Reference
from edgeattn_export.graph.samples import LEAST_SAMPLES
from edgeattn_runtime.errors import SampleError

A, B = torch.ones(1, 2), torch.full((1, 3), 2.0)


class Features(nn.Module):
    """One dict, which it writes into."""

    def forward(self, features: dict[str, Tensor], weight: Tensor | None = None) -> dict[str, Tensor]:
        features["sum"] = features["a"].sum() + features["b"].sum() + (0 if weight is None else weight)
        return features


class Maps(nn.Module):
    """A list, and a tensor beside it."""

    def forward(self, maps: list[Tensor], a: Tensor | None = None) -> Tensor:
        return maps[0].sum() + maps[1]["a"].sum() + (0 if a is None else a)


class Optional(nn.Module):
    """A pair that may be absent."""

    def forward(self, a: Tensor, pair: tuple[Tensor, Tensor] | None = None) -> Tensor:
        return a.sum() if pair is None else a.sum() + pair[0].sum() - pair[1].sum()


def _answer(module: nn.Module, raw: object) -> tuple[tuple[str, ...], float]:
    """Return the inputs' names, and what the module answers when it is called by them."""
    samples = read_samples(module, [raw] * LEAST_SAMPLES)
    (answer,) = Reference(module, Call(samples.beginning))(samples[0].inputs).values()
    return samples.names, float(answer.sum())


@pytest.mark.parametrize(
    ("module", "raw", "names", "answer"),
    [
        (Features, {"a": A, "b": B}, ("a", "b"), 8),
        (Features, {"features": {"a": A, "b": B}}, ("a", "b"), 8),
        (Features, {"features": UserDict(a=A, b=B.numpy())}, ("a", "b"), 8),
        (Features, UserDict(a=A, b=B, kind="text"), ("a", "b"), 8),
        (Features, ({"a": A, "b": B}, "target"), ("a", "b"), 8),
        (Features, {"weight": A[0, 0], "features": {"a": A, "b": B}}, ("a", "b", "weight"), 9),
        (Maps, {"maps": [A, {"a": B}]}, ("maps.0", "maps.1.a"), 8),
        (Maps, {"maps": (A, {"a": B}), "a": A}, ("maps.0", "maps.1.a", "a"), 18),
        (Optional, {"a": A, "pair": (A, B)}, ("a", "pair.0", "pair.1"), -2),
    ],
)
def test_inputs_are_called_by_their_keys(
    module: Callable[[], nn.Module], raw: object, names: tuple[str, ...], answer: float
) -> None:
    assert _answer(module(), raw) == (names, answer)


def test_two_inputs_of_one_key_are_called_by_their_parameters_too() -> None:
    class Towers(nn.Module):
        def forward(self, query: dict[str, Tensor], text: dict[str, Tensor]) -> Tensor:
            return query["ids"].sum() - text["ids"].sum() + text["mask"].sum()

    raw = {"query": {"ids": A}, "text": {"ids": B, "mask": A}}
    assert _answer(Towers(), raw) == (("query.ids", "text.ids", "mask"), -2)


def test_what_the_user_handed_over_is_left_as_it_is() -> None:
    raw = {"a": A, "b": B}
    _answer(Features(), raw)
    assert set(raw) == {"a", "b"}


def test_the_order_is_the_first_samples() -> None:
    samples = read_samples(Features(), [{"a": A, "b": B}, {"b": B, "a": A}, {"a": A, "b": B}])
    assert [tuple(sample.inputs) for sample in samples] == [("a", "b")] * 3


def test_inputs_and_what_is_the_same_in_every_call_are_noted() -> None:
    (note,) = read_samples(Features(), [{"a": A, "b": B, "kind": "text"}] * LEAST_SAMPLES).notes
    assert "inputs a, b;" in note
    assert "kind ('text')" in note


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        ({"a": A, "b": B, "kind": "image"}, "input 'kind': 'image' .*'text' "),
        ({"a": A, "b": B}, "input 'kind': None .*'text' "),
        ({"a": A, "b": None, "kind": "text"}, "input 'b': "),
        ({"a": A, "kind": "text"}, "input 'b': "),
        ({"a": A, "b": B, "c": A, "kind": "text"}, "input 'c': "),
        ({"a": A.double(), "b": B, "kind": "text"}, "input 'a': float64 "),
        ({"a": A[0], "b": B, "kind": "text"}, "input 'a': rank 1 .*rank 2 "),
    ],
)
def test_a_sample_unlike_the_first_is_refused(raw: Mapping[str, object], named: str) -> None:
    first = {"a": A, "b": B, "kind": "text"}
    with pytest.raises(SampleError, match=f"^sample 1, {named}"):
        read_samples(Features(), [first, raw, first])


def test_keys_that_forward_does_not_know_are_told_with_how_it_fails_on_them() -> None:
    named = "^sample 0: .* a; .*features, weight; .*KeyError: 'b'$"
    with pytest.raises(SampleError, match=named):
        read_samples(Features(), [{"a": A}] * LEAST_SAMPLES)


def test_what_forward_returned_is_no_input_but_a_past() -> None:
    class Stepping(nn.Module):
        def forward(self, a: Tensor, past: object = None) -> object:
            return a + 1, (a[None, None], a[None, None])

    past = (np.ones((1, 1, 1, 2), "float32"),) * 2
    samples = read_samples(Stepping(), [{"a": A, "past": past}] * LEAST_SAMPLES)
    assert samples.names == ("a",)
    assert (samples.nested, len(samples.continued)) == ({}, LEAST_SAMPLES)
