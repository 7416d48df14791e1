"""The library of edgeattn's kernels for onnxruntime: where it lies, and what it takes of this CPU.

    options = onnxruntime.SessionOptions()
    options.register_custom_ops_library(str(edgeattn_kernels.library()))

``edgeattn_runtime`` does this by itself, for bundles whose graphs have nodes of the domain ``edgeattn``.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from pathlib import Path

__all__ = ["choices", "domain_version", "has_dot_products", "instruction_set", "library", "version"]

_NAMES = {"win32": "edgeattn_kernels.dll", "darwin": "libedgeattn_kernels.dylib"}
_DOT_PRODUCTS = "with dot products"  # in the name of an instruction set


def library() -> Path:
    """Return the path of the shared library."""
    return Path(__file__).parent / _NAMES.get(sys.platform, "libedgeattn_kernels.so")


def version() -> str:
    """Return the library's release, such as "0.1.0".

    Raises:
        OSError: The system cannot load the library.
    """
    return _text("edgeattn_kernels_version")


def domain_version() -> int:
    """Return the version of the domain ``edgeattn`` whose nodes the library runs."""
    return int(_loaded().edgeattn_kernels_domain_version())


def instruction_set() -> str:
    """Return the instruction set that the kernels use on this CPU, such as "AVX3_DL with dot products"."""
    return _text("edgeattn_kernels_instruction_set")


def choices() -> tuple[str, ...]:
    """Return what this process's sessions multiply by where the CPU has two ways: a line for each shape.

    A CPU with one way, such as one with VNNI and without AMX, has none.
    """
    return tuple(_text("edgeattn_kernels_choices").splitlines())


def has_dot_products() -> bool:
    """Whether that one multiplies int8 by dot products; without them, the kernels gain nothing."""
    return _DOT_PRODUCTS in instruction_set()


def _text(function: str) -> str:
    call = getattr(_loaded(), function)
    call.restype = ctypes.c_char_p
    return bytes(call()).decode()


@cache
def _loaded() -> ctypes.CDLL:
    return ctypes.CDLL(str(library()))
