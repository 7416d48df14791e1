"""Loads a bundle by the C API again and again, where its process may have so much more of something.

    python short_of.py LIBRARY BUNDLE RLIMIT_NOFILE|RLIMIT_AS VALUE

Prints the status and the message of the first load that fails, and then the status of one without the limit.
"""

from __future__ import annotations

import ctypes
import resource
import sys


def main(path: str, bundle: str, limit: int, value: int) -> None:
    """Load until it is refused."""
    library = ctypes.CDLL(path)
    library.edgeattn_error_message.restype = ctypes.c_char_p

    def load() -> tuple[int, ctypes.c_void_p, ctypes.c_void_p]:
        model, error = ctypes.c_void_p(), ctypes.c_void_p()
        status = library.edgeattn_load(bundle.encode(), None, ctypes.byref(model), ctypes.byref(error))
        return status, model, error

    assert load()[0] == 0  # what onnxruntime keeps for all sessions is there from now on
    before = resource.getrlimit(limit)
    resource.setrlimit(limit, (value, before[1]))
    for _ in range(1000):  # what was let go of before may serve a few
        status, _, error = load()
        if status:
            print(status, library.edgeattn_error_message(error).decode())
            break
    resource.setrlimit(limit, before)
    print(load()[0])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], getattr(resource, sys.argv[3]), int(sys.argv[4]))
