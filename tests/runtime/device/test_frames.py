from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeattn_runtime.device.frames import LINE, NESTED, FrameError, read_frame, write_frame


@pytest.mark.parametrize(
    "array",
    [
        np.array(3.0, np.float32),
        np.arange(6, dtype=np.int64).reshape(2, 3).T,
        np.array([True, False]),
        np.zeros((0, 4), np.float16),
    ],
)
def test_arrays_of_any_dims_and_order_come_as_they_went(array: NDArray[np.generic]) -> None:
    stream = io.BytesIO()
    write_frame(stream, {"verb": "answer"}, {"a": array})
    stream.seek(0)
    frame = read_frame(stream)
    assert frame is not None
    message, arrays = frame
    assert message["verb"] == "answer"
    assert arrays["a"].dtype == array.dtype
    np.testing.assert_array_equal(arrays["a"], array)
    assert arrays["a"].shape == array.shape
    assert read_frame(stream) is None


def test_a_frame_may_have_as_many_objects_as_a_large_measurement() -> None:
    stream = io.BytesIO()
    write_frame(stream, {"times": [[[0.1234567] * 10] * 1000] * 50})
    stream.seek(0)
    frame = read_frame(stream)
    assert frame is not None
    assert len(frame[0]["times"]) == 50


def test_a_frame_that_is_cut_is_none() -> None:
    stream = io.BytesIO()
    write_frame(stream, {}, {"a": np.zeros(4)})
    assert read_frame(io.BytesIO(stream.getvalue()[:-1])) is None


def test_a_reader_takes_no_more_than_it_says() -> None:
    stream = io.BytesIO()
    write_frame(stream, {}, {"a": np.zeros(100)})
    size = len(stream.getvalue()) - stream.getvalue().index(b"\n") - 1
    assert read_frame(io.BytesIO(stream.getvalue()), most=size) is not None
    with pytest.raises(FrameError):
        read_frame(io.BytesIO(stream.getvalue()), most=size - 1)


@pytest.mark.parametrize(
    "content",
    [
        b" " * LINE,
        b"hello\n",
        b"[1]\n",
        b"{}\n",
        b'{"bytes": -1}\n',
        b'{"bytes": true}\n',
        b'{"bytes": 0, "x": NaN}\n',
        b'{"bytes": 2}\n{}',
        b'{"bytes": 0, "x": ' + b"[" * 50_000 + b"\n",
        b'{"bytes": 0, "x": [' + b"{}," * NESTED + b"{}]}\n",
        b'{"bytes": 0, "x": [' + b"[]," * NESTED + b"[]]}\n",
    ],
    ids=range(11),
)
def test_what_is_no_frame_is_refused(content: bytes) -> None:
    with pytest.raises(FrameError):
        read_frame(io.BytesIO(content))


def test_a_frame_holds_what_json_has() -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_frame(io.BytesIO(), {"x": float("nan")})
