from __future__ import annotations

import numpy as np
import pytest
import torch

from edgeattn_export.capture.samples.half_precision import FloatSamples


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_tensors_become_float32_wherever_they_stand(dtype: torch.dtype) -> None:
    half, ids = torch.tensor([1.5, -2.0], dtype=dtype), torch.tensor([3])
    samples = FloatSamples([{"x": half, "ids": ids}, ({"maps": [half]}, "cat"), (half, 1)])
    for _ in range(2):  # read anew
        named, (nested, target), (plain, label) = samples
        for tensor in (named["x"], nested["maps"][0], plain):
            assert tensor.dtype == torch.float32
            assert tensor.tolist() == [1.5, -2.0]
        assert named["ids"] is ids
        assert (target, label) == ("cat", 1)


def test_arrays_become_float32() -> None:
    (sample,) = FloatSamples([{"x": np.ones(2, np.float16)}])
    assert sample["x"].dtype == np.float32


def test_a_sample_without_any_stays_the_object_that_it_is() -> None:
    sample = {"x": torch.ones(2)}
    assert next(iter(FloatSamples([sample]))) is sample
