from __future__ import annotations

from collections import namedtuple

import numpy as np
import pytest
import torch

from edgeattn.source.outputs import refilled

X = torch.arange(3)
Y, Z = torch.zeros(1, 2), torch.zeros(())
ARRAYS = {"y.0": np.ones((1, 2), "float32"), "z": np.array(5, "float32")}

Pair = namedtuple("Pair", "first second")


def test_tensors_are_replaced_where_they_are_and_all_else_stays() -> None:
    original = {"x": X, "y": [Y, None], "z": Z, "kind": "text", "n": 3}
    found = refilled(original, {**ARRAYS, "x": X.numpy() + 1})
    assert isinstance(found, dict)
    assert list(found) == list(original)
    assert torch.equal(found["x"], X + 1)
    assert torch.equal(found["y"][0], torch.ones(1, 2))
    assert found["y"][1] is None
    assert torch.equal(found["z"], torch.tensor(5.0))  # of no dims, as it was
    assert (found["kind"], found["n"]) == ("text", 3)
    assert torch.equal(original["y"][0], Y)  # the original's own stay


def test_what_the_bundle_does_not_answer_is_not_the_originals() -> None:
    logits, cache = torch.zeros(1, 2), [torch.ones(1, 1)]
    found = refilled((logits, cache, logits), {"output_0": np.ones((1, 2), "float32")})
    assert isinstance(found, tuple)
    assert torch.equal(found[0], torch.ones(1, 2))
    assert found[1] == [None]
    assert found[2] is found[0]


def test_an_output_that_is_called_as_an_input_comes_back_by_its_own_name() -> None:
    found = refilled({"x": Y, "z": Z}, {"x_output": np.ones((1, 2), "float32")})
    assert isinstance(found, dict)
    assert torch.equal(found["x"], torch.ones(1, 2))
    assert found["z"] is None


@pytest.mark.parametrize("form", [lambda y: y, lambda y: [y], lambda y: Pair(y, None), lambda y: {"y": (y,)}])
def test_the_form_is_the_originals(form: object) -> None:
    original = form(Y)  # type: ignore[operator]
    name = {torch.Tensor: "output", dict: "y.0"}.get(type(original), "output_0")
    found = refilled(original, {name: np.ones((1, 2), "float32")})
    assert type(found) is type(original)
    assert str(found) == str(form(torch.ones(1, 2)))  # type: ignore[operator]
