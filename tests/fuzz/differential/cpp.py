"""The C++ runtime's readers: what they make of bytes, by the library that EDGEATTN_READERS names."""

from __future__ import annotations

import ctypes
import os


class RefusedError(Exception):
    """The C++ runtime refuses the bytes; the message is its own."""


class _Bytes(ctypes.Structure):
    _fields_ = (("data", ctypes.c_void_p), ("size", ctypes.c_size_t))

    @classmethod
    def of(cls, content: bytes) -> _Bytes:
        return cls(ctypes.cast(content, ctypes.c_void_p), len(content))


_LIBRARY = ctypes.CDLL(os.environ["EDGEATTN_READERS"])


def read(kind: str, content: bytes, *more: bytes) -> bytes:
    """Return what edgeattn_read_KIND makes of bytes.

    Raises:
        RefusedError: It does not take them.
    """
    reader = getattr(_LIBRARY, f"edgeattn_read_{kind}")
    reader.restype = ctypes.c_bool
    out = _Bytes()
    accepted = reader(*map(_Bytes.of, (content, *more)), ctypes.byref(out))
    answer = ctypes.string_at(out.data, out.size) if out.size else b""
    if not accepted:
        raise RefusedError(answer.decode(errors="replace"))
    return answer
