from __future__ import annotations

import numpy as np
import pytest
from onnxruntime.capi.onnxruntime_pybind11_state import Fail

from edgeattn_runtime.engine.graph_session import failure
from edgeattn_runtime.errors import BundleError, InputError

INPUTS = {"mask": np.ones((1, 3), np.float32), "tokens": np.array([[7, 500, 3]])}
RUNNING = "[ONNXRuntimeError] : 1 : FAIL : Non-zero status code returned while running MatMul node. "
BEYOND = "indices element out of data bounds, idx={} must be within the inclusive range [-40,39]"


@pytest.mark.parametrize(
    ("reason", "kind", "phrases"),
    [
        (BEYOND.format(500), InputError, ("'tokens' holds 500", "40 rows", "0 to 39")),
        (BEYOND.format(40), InputError, ("index 40", "40 rows")),
        (
            "/core/framework/bfc_arena.cc:360 void* onnxruntime::BFCArena::AllocateRawInternal(size_t, bool, "
            "onnxruntime::Stream*) Failed to allocate memory for requested buffer of size 400",
            InputError,
            ("mask (1, 3), tokens (1, 3)", "Failed to allocate memory for requested buffer of size 400"),
        ),
        (
            "/core/providers/cpu/tensor/reshape_helper.h:91 onnxruntime::ReshapeHelper::ReshapeHelper(const "
            "onnxruntime::TensorShape&, bool) input_shape_size == requested_shape_size was false.",
            BundleError,
            ("returned while running MatMul node. input_shape_size == requested_shape_size was false.",),
        ),
    ],
)
def test_what_failed_and_why_is_told(reason: str, kind: type[Exception], phrases: tuple[str, ...]) -> None:
    error = failure("x.onnx", Fail(RUNNING + reason), INPUTS)
    assert type(error) is kind
    assert str(error).startswith("x.onnx: ")
    assert [words for words in phrases if words not in str(error)] == []
    assert "/core" not in str(error)
