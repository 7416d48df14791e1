from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from edgeattn.partitions.partition import pack, unpack
from edgeattn_export.graph.samples import Sample

PLENTY = torch.arange(100_000)  # labels of a data set, each sample's a view of one

TARGETS: dict[str, Callable[[], object]] = {
    "none": lambda: None,
    "text": lambda: {"answers": ["a", "b"], "ids": (1, 2)},
    "label": lambda: PLENTY[3:4],
    "scalar": lambda: torch.tensor(0.1, dtype=torch.float64),
    "transposed": lambda: torch.arange(6.0).view(2, 3).T,
    "bfloat16": lambda: torch.tensor([0.5, 3.0]).bfloat16(),
    "with a gradient": lambda: torch.ones(2, requires_grad=True),
    "sparse": lambda: torch.eye(3).to_sparse(),
    "parameter": lambda: torch.nn.Parameter(torch.ones(2)),
    "within": lambda: {"boxes": [torch.ones(1, 4), torch.zeros(0, 4)]},
}


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_comes_as_it_went(name: str) -> None:
    target = TARGETS[name]()
    inputs = {"tokens": np.arange(5).reshape(1, 5), "mask": np.ones((1, 5), np.float32)}
    (found,) = unpack(pack((Sample(inputs, target, number=7),)))
    assert found.number == 7
    for key, array in inputs.items():
        np.testing.assert_array_equal(found.inputs[key], array, strict=True)
    _check_same(found.target, target)


def test_a_label_takes_no_other_along() -> None:
    samples = tuple(Sample({"x": np.zeros(4, np.float32)}, PLENTY[i : i + 1], number=i) for i in range(64))
    assert len(pack(samples)) < 64 * 400


def test_a_class_of_the_users_file_is_found_where_that_has_been_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    theirs = ModuleType("edgeattn_handover_of_a_test")
    monkeypatch.setitem(sys.modules, theirs.__name__, theirs)

    @dataclass
    class Box:
        left: int

    Box.__module__, Box.__qualname__, theirs.Box = theirs.__name__, "Box", Box  # type: ignore[attr-defined]
    content = pack((Sample({"x": np.zeros(1)}, Box(3)),))
    (found,) = unpack(content)
    assert found.target == Box(3)
    monkeypatch.delitem(sys.modules, theirs.__name__)
    with pytest.raises(ModuleNotFoundError):
        unpack(content)


def _check_same(found: Any, expected: Any) -> None:
    assert type(found) is type(expected)
    if isinstance(expected, torch.Tensor):
        assert (found.dtype, found.requires_grad) == (expected.dtype, expected.requires_grad)
        if not expected.is_sparse:
            assert found.stride() == expected.stride()
        torch.testing.assert_close(found, expected, rtol=0, atol=0)
    elif isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for key in expected:
            _check_same(found[key], expected[key])
    elif isinstance(expected, list):
        for one, other in zip(found, expected, strict=True):
            _check_same(one, other)
    else:
        assert found == expected
