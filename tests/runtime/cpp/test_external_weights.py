"""The C++ core refuses the graphs that Python's runtime refuses for their weights, in the same words."""

from __future__ import annotations

import ctypes
from io import BytesIO
from pathlib import Path

import pytest
from external_graphs import INSIDE, OUTSIDE, PLACES, broken, graph, nested

from edgeattn_runtime import BundleError
from edgeattn_runtime.engine.external_weights import check_external_weights

GRAPHS = {
    **{f"{location!r}": graph(location) for location in (*INSIDE, *OUTSIDE)},
    **{place.__name__: graph("../secret", place) for place in PLACES},
    **broken(),
    "as deep as protobuf": nested(30),
}


class _Bytes(ctypes.Structure):
    _fields_ = (("data", ctypes.c_char_p), ("size", ctypes.c_size_t))


@pytest.mark.parametrize("content", GRAPHS.values(), ids=GRAPHS.keys())
def test_both_refuse_the_same(content: bytes, gcc: Path) -> None:
    read = ctypes.CDLL(str(gcc / "tests" / "libedgeattn-readers.so")).edgeattn_read_graph
    read.restype, read.argtypes = ctypes.c_bool, (_Bytes, _Bytes, ctypes.POINTER(_Bytes))
    out = _Bytes()
    accepted = read(_Bytes(content, len(content)), _Bytes(b"model", 5), ctypes.byref(out))
    refusal = ""
    try:
        check_external_weights(BytesIO(content), "model")
    except BundleError as error:
        refusal = str(error)
    assert (accepted, ctypes.string_at(out.data, out.size).decode()) == (refusal == "", refusal)
