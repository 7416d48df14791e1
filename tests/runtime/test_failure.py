from __future__ import annotations

import numpy as np
import pytest
from onnxruntime.capi.onnxruntime_pybind11_state import Fail

from edgeattn_runtime.errors import BundleError, InputError
from edgeattn_runtime.failure import failure

INPUTS = {"mask": np.ones((1, 3), np.float32), "tokens": np.array([[7, 500, 3]])}
RUNNING = "[ONNXRuntimeError] : 1 : FAIL : Non-zero status code returned while running MatMul node. "
BEYOND = "indices element out of data bounds, idx={} must be within the inclusive range [-40,39]"


@pytest.mark.parametrize(
    ("reason", "kind", "told"),
    [
        (
            BEYOND.format(500),
            InputError,
            "x.onnx: 'tokens' holds 500, 0 to 39 expected, the rows of the table that it names",
        ),
        (
            BEYOND.format(40),
            InputError,
            "x.onnx: its inputs lead to row 40 of a table that has rows 0 to 39; give shorter inputs, or "
            "smaller numbers in them",
        ),
        (
            "/core/framework/bfc_arena.cc:360 void* onnxruntime::BFCArena::AllocateRawInternal(size_t, bool, "
            "onnxruntime::Stream*) Failed to allocate memory for requested buffer of size 400",
            InputError,
            "x.onnx: mask (1, 3), tokens (1, 3) need more memory than there is (Non-zero status code "
            "returned while running MatMul node. Failed to allocate memory for requested buffer of size "
            "400); give shorter inputs, or fewer at a time",
        ),
        (
            "/core/providers/cpu/tensor/reshape_helper.h:91 onnxruntime::ReshapeHelper::ReshapeHelper(const "
            "onnxruntime::TensorShape&, bool) input_shape_size == requested_shape_size was false.",
            BundleError,
            "x.onnx: fails on inputs that its contract allows (Non-zero status code returned while running "
            "MatMul node. input_shape_size == requested_shape_size was false.); export again",
        ),
    ],
)
def test_what_failed_and_what_to_do_is_told(reason: str, kind: type[Exception], told: str) -> None:
    error = failure("x.onnx", Fail(RUNNING + reason), INPUTS)
    assert (type(error), str(error)) == (kind, told)
