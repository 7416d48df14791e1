"""edgeattn.h, called as a foreign language calls it: from its shared library, by ctypes."""

from __future__ import annotations

import ctypes
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeattn_runtime import InputError, StepStream, load

CPP = Path(__file__).parents[3] / "runtime" / "cpp"
CONFORMANCE = CPP.parent / "conformance" / "build"
HEADER = (CPP / "include" / "edgeattn.h").read_text("utf-8")
FUNCTIONS = re.findall(r"^EDGEATTN_API ([\w* ]+?[ *])(edgeattn_\w+)\(([^;]*)\);", HEADER, re.MULTILINE)
INPUT_ERROR, DEADLINE_ERROR = 1, 6
LATER = 20.0  # seconds by when a busy machine has ended what was to end soon


class CallOptions(ctypes.Structure):
    """edgeattn_call_options."""

    _fields_ = (("size", ctypes.c_size_t), ("deadline_ms", ctypes.c_int64), ("cancellation", ctypes.c_void_p))


class Tensor(ctypes.Structure):
    """edgeattn_tensor."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("dtype", ctypes.c_char_p),
        ("dims", ctypes.POINTER(ctypes.c_int64)),
        ("rank", ctypes.c_size_t),
        ("data", ctypes.c_char_p),
        ("bytes", ctypes.c_size_t),
    )


class StreamOptions(ctypes.Structure):
    """edgeattn_stream_options."""

    _fields_ = (("size", ctypes.c_size_t), ("hop", ctypes.c_int64), ("window", ctypes.c_int64))


class NewerOptions(ctypes.Structure):
    """Those of a header that has one more."""

    _fields_ = (("older", CallOptions), ("more", ctypes.c_int64))


def _no_value(parameter: str) -> Any:
    is_pointer = "*" in parameter or "edgeattn_on_" in parameter
    return ctypes.c_void_p(None) if is_pointer else ctypes.c_int64(0)


@pytest.fixture(scope="module")
def library(gcc: Path) -> ctypes.CDLL:
    return ctypes.CDLL(str(gcc / "tests" / "libedgeattn-shared.so"))


@pytest.fixture
def loaded(library: ctypes.CDLL) -> Callable[[Path], ctypes.c_void_p]:
    def load(bundle: Path) -> ctypes.c_void_p:
        model, error = ctypes.c_void_p(), ctypes.c_void_p()
        status = library.edgeattn_load(str(bundle).encode(), None, ctypes.byref(model), ctypes.byref(error))
        assert status == 0, _message(library, error)
        return model

    return load


def _message(library: ctypes.CDLL, error: ctypes.c_void_p) -> str:
    library.edgeattn_error_message.restype = ctypes.c_char_p
    message: bytes = library.edgeattn_error_message(error)
    library.edgeattn_error_free(error)
    return message.decode()


def _check(library: ctypes.CDLL, model: ctypes.c_void_p, options: ctypes.Structure | None) -> tuple[int, str]:
    results, error = ctypes.c_void_p(), ctypes.c_void_p()
    given = None if options is None else ctypes.byref(options)
    status = library.edgeattn_check(model, given, ctypes.byref(results), ctypes.byref(error))
    library.edgeattn_golden_results_free(results)
    return status, _message(library, error) if error else ""


def test_null_is_an_input_error_and_never_a_crash(library: ctypes.CDLL) -> None:
    assert len(FUNCTIONS) > 30
    for returned, name, parameters in FUNCTIONS:
        arguments = [] if parameters == "void" else [_no_value(each) for each in parameters.split(",")]
        function = getattr(library, name)
        function.restype = ctypes.c_int if returned.strip() == "edgeattn_status" else ctypes.c_void_p
        answer = function(*arguments)
        if returned.strip() == "edgeattn_status":
            assert answer == INPUT_ERROR, name


def test_a_closed_model_says_so_however_often_it_is_closed(
    library: ctypes.CDLL, loaded: Callable[[Path], ctypes.c_void_p]
) -> None:
    model = loaded(CONFORMANCE / "good.edge")
    assert library.edgeattn_close(model, None) == library.edgeattn_close(model, None) == 0
    status, message = _check(library, model, None)
    assert status == INPUT_ERROR
    assert message.endswith(": a closed model; load it again")
    library.edgeattn_model_free(model)


def test_a_call_ends_by_its_deadline(
    library: ctypes.CDLL, loaded: Callable[[Path], ctypes.c_void_p], endless_bundle: Path
) -> None:
    model = loaded(endless_bundle)
    options, start = CallOptions(ctypes.sizeof(CallOptions), 300, None), time.monotonic()
    status, message = _check(library, model, options)
    assert status == DEADLINE_ERROR
    assert "not done within 300 ms; " in message
    assert 0.3 <= time.monotonic() - start < LATER
    library.edgeattn_model_free(model)


def test_a_call_is_cancelled_from_another_thread_and_later_ones_are_refused(
    library: ctypes.CDLL, loaded: Callable[[Path], ctypes.c_void_p], endless_bundle: Path
) -> None:
    model = loaded(endless_bundle)
    library.edgeattn_cancellation_new.restype = ctypes.c_void_p
    cancellation = ctypes.c_void_p(library.edgeattn_cancellation_new())
    options = CallOptions(ctypes.sizeof(CallOptions), -1, cancellation)
    timer = threading.Timer(0.3, library.edgeattn_cancellation_cancel, (cancellation,))
    timer.start()
    for _ in range(2):
        status, message = _check(library, model, options)
        assert status == DEADLINE_ERROR
        assert message.endswith(": cancelled")
    timer.join()
    library.edgeattn_cancellation_free(cancellation)
    library.edgeattn_model_free(model)


def test_options_are_made_for_a_header_of_any_age(library: ctypes.CDLL) -> None:
    made = (ctypes.c_byte * (ctypes.sizeof(NewerOptions) + 1))(*[9] * (ctypes.sizeof(NewerOptions) + 1))
    for size in (ctypes.sizeof(NewerOptions), ctypes.sizeof(CallOptions), 16):
        library.edgeattn_call_options_init(ctypes.byref(made), ctypes.c_size_t(size))
        options = NewerOptions.from_buffer(made)
        assert (options.older.size, options.older.deadline_ms, options.more, made[-1]) == (size, -1, 0, 9)
    made[16] = 9  # where an older header ends
    library.edgeattn_call_options_init(ctypes.byref(made), ctypes.c_size_t(16))
    assert made[16] == 9


def test_options_grow(library: ctypes.CDLL, loaded: Callable[[Path], ctypes.c_void_p]) -> None:
    """Zeros of a newer header are defaults; what is asked for and not known is refused, as is no size."""
    model = loaded(CONFORMANCE / "good.edge")
    older = CallOptions(ctypes.sizeof(NewerOptions), -1, None)
    assert _check(library, model, NewerOptions(older, 0))[0] == 0
    status, message = _check(library, model, NewerOptions(older, 1))
    assert status == INPUT_ERROR
    assert "use a newer library" in message
    assert _check(library, model, CallOptions(0, -1, None))[0] == INPUT_ERROR
    assert _check(library, model, CallOptions(ctypes.sizeof(CallOptions), 0, None))[0] == INPUT_ERROR
    library.edgeattn_model_free(model)


def test_a_stream_in_steps_refuses_arrays_in_pythons_words(
    library: ctypes.CDLL, loaded: Callable[[Path], ctypes.c_void_p]
) -> None:
    model, stream = loaded(CONFORMANCE / "steps.edge"), ctypes.c_void_p()
    assert library.edgeattn_step_stream_new(model, ctypes.byref(stream), None) == 0
    theirs = StepStream(load(CONFORMANCE / "steps.edge"))
    assert _pushed(library, stream, np.zeros((2, 3), np.float32)) == (0, "")
    for array in (np.zeros((2, 3)), np.zeros((2, 4), np.float32), np.zeros(3, np.float32)):
        with pytest.raises(InputError) as refusal:
            theirs.push(array)
        assert _pushed(library, stream, array) == (INPUT_ERROR, str(refusal.value))
    cut = np.zeros((2, 3), np.float32)
    assert _pushed(library, stream, cut, left_out=4)[0] == INPUT_ERROR
    library.edgeattn_close(model, None)
    status, message = _pushed(library, stream, cut)
    assert (status, message.rpartition(": ")[2]) == (INPUT_ERROR, "a closed model; load it again")
    library.edgeattn_stream_free(stream)
    library.edgeattn_model_free(model)


def test_a_stream_holds_no_more_than_may_wait(
    library: ctypes.CDLL, loaded: Callable[[Path], ctypes.c_void_p]
) -> None:
    model, stream = loaded(CONFORMANCE / "steps.edge"), ctypes.c_void_p()
    assert library.edgeattn_step_stream_new(model, ctypes.byref(stream), None) == 0
    hop, most = 2, 2**24 // 3  # places of three numbers
    assert _pushed(library, stream, np.zeros((hop + most, 3), np.float32)) == (0, "")
    status, message = _pushed(library, stream, np.zeros((1, 3), np.float32))
    assert status == INPUT_ERROR
    assert f"{3 * (most + 1)} numbers that wait" in message
    assert "at most 16777216 expected; take its answers" in message
    end, outputs = ctypes.c_int64(), ctypes.c_void_p()
    answer = (stream, None, ctypes.byref(end), ctypes.byref(outputs), None)
    assert library.edgeattn_stream_next(*answer) == 0
    assert end.value == hop
    library.edgeattn_tensors_free(outputs)
    assert _pushed(library, stream, np.zeros((hop, 3), np.float32)) == (0, "")
    library.edgeattn_stream_free(stream)
    library.edgeattn_model_free(model)


def test_a_stream_of_windows_takes_no_arrays(
    library: ctypes.CDLL, loaded: Callable[[Path], ctypes.c_void_p]
) -> None:
    model, stream = loaded(CONFORMANCE / "mono.edge"), ctypes.c_void_p()
    error = ctypes.c_void_p()
    assert library.edgeattn_step_stream_new(model, ctypes.byref(stream), ctypes.byref(error)) == INPUT_ERROR
    assert "no 'streaming' in its manifest" in _message(library, error)
    options = StreamOptions(ctypes.sizeof(StreamOptions), 1, -1)
    assert library.edgeattn_stream_new(model, ctypes.byref(options), ctypes.byref(stream), None) == 0
    assert _pushed(library, stream, np.zeros(3, np.float32))[0] == INPUT_ERROR
    assert library.edgeattn_stream_reset(stream, None) == 0
    library.edgeattn_stream_free(stream)
    library.edgeattn_model_free(model)


def _pushed(
    library: ctypes.CDLL, stream: ctypes.c_void_p, array: NDArray[Any], left_out: int = 0
) -> tuple[int, str]:
    """Push an array, of whose bytes some are not told; return the status and the message."""
    dims, error = (ctypes.c_int64 * array.ndim)(*array.shape), ctypes.c_void_p()
    size = array.nbytes - left_out
    given = Tensor(None, array.dtype.name.encode(), dims, array.ndim, array.tobytes(), size)
    status = library.edgeattn_stream_push_array(stream, ctypes.byref(given), ctypes.byref(error))
    return status, _message(library, error) if error else ""
