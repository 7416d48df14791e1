"""Kernels that onnxruntime lacks: the library of the package edgeattn-kernels, and the sessions that take it.

A graph may hold nodes of the domain ``edgeattn``, each with a function of stock operators. onnxruntime takes
the kernel where the library is registered, and the function where it is not. The library comes from an
installed package: a bundle says that it has such nodes, and names no file.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from pathlib import Path

from edgeattn_runtime.boundary import reason_of
from edgeattn_runtime.bundle.engine_options import KERNELS_OPTION
from edgeattn_runtime.fields import Scalar

DOMAIN_VERSION = 1
PACKAGE = "edgeattn_kernels"
# In the environment: "always" takes them on a CPU without dot products too, "never" on none; else "auto".
CHOICE = "EDGEATTN_KERNELS"

_PROVIDER = "CPUExecutionProvider"  # the one that the kernels belong to


@dataclass(frozen=True, slots=True)
class Library:
    """The installed library.

    Attributes:
        path: The shared library.
        version: Its release, such as "0.1.0".
        domain_version: The version of the nodes that it runs.
        instruction_set: The one that it chose on this CPU, such as "AVX3_DL".
        has_dot_products: Whether that one multiplies int8 by dot products, as VNNI and NEON's sdot do.
        choices: Returns how this process's sessions multiply, see ``Kernels.choices``.
    """

    path: str
    version: str
    domain_version: int
    instruction_set: str
    has_dot_products: bool
    choices: Callable[[], tuple[str, ...]] = field(default=tuple, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.version} ({self.instruction_set})"


@dataclass(frozen=True, slots=True)
class Kernels:
    """Which way a session goes.

    Attributes:
        library: What is registered; None where functions of stock operators run.
        reason: Why none is; empty where the graph has no such nodes.
    """

    library: Library | None
    reason: str = ""

    @property
    def choices(self) -> tuple[str, ...]:
        """How sessions here multiply, where the CPU has two ways: a line a shape of layer, and why."""
        return () if self.library is None else self.library.choices()

    def __str__(self) -> str:
        if self.library is not None:
            return f"kernels {self.library}"
        return f"without kernels: {self.reason}" if self.reason else "without kernels"


NONE = Kernels(None)


def kernels_of(providers: Sequence[str], options: Mapping[str, Scalar]) -> Kernels:
    """Return which way a session goes that is opened with these providers and options.

    A library that is installed, and of another version or broken, is warned of once. ``KERNELS_OPTION`` is
    the version of the domain, where the graph has nodes of it; False or 0 asks for stock operators.
    """
    if KERNELS_OPTION not in options:
        return NONE
    if not options[KERNELS_OPTION]:
        return Kernels(None, "turned off")
    if os.environ.get(CHOICE) == "never":
        return Kernels(None, f"turned off by {CHOICE}")
    if tuple(providers) != (_PROVIDER,):
        return Kernels(None, f"they belong to {_PROVIDER} alone")
    kernels = installed()
    if kernels.library is None:
        return kernels
    if str(kernels.library.domain_version) != str(options[KERNELS_OPTION]):
        return _unusable(
            f"edgeattn-kernels {kernels.library.version} has nodes of version "
            f"{kernels.library.domain_version}, {options[KERNELS_OPTION]} expected by the bundle; install "
            "another release"
        )
    if not kernels.library.has_dot_products and os.environ.get(CHOICE) != "always":
        return Kernels(None, f"this CPU has no dot products of int8 ({kernels.library.instruction_set})")
    return kernels


def kernels_here() -> Kernels:
    """Return the kernels that graphs with such nodes get here; ``NONE`` where they run stock operators."""
    kernels = kernels_of((_PROVIDER,), {KERNELS_OPTION: DOMAIN_VERSION})
    return kernels if kernels.library is not None else NONE


@cache
def installed() -> Kernels:
    """Return the installed library, as far as onnxruntime takes it, or why there is none."""
    spec = _package()
    if spec is None or spec.loader is None:
        return Kernels(None, "edgeattn-kernels is not installed")
    from onnxruntime import SessionOptions  # a manifest is read without it

    try:
        package = module_from_spec(spec)
        spec.loader.exec_module(package)
        library = Library(
            str(package.library()),
            package.version(),
            package.domain_version(),
            package.instruction_set(),
            package.has_dot_products(),
            package.choices,
        )
        SessionOptions().register_custom_ops_library(library.path)
    except Exception as error:  # of any release of the package; and onnxruntime's own share no base
        return _unusable(f"edgeattn-kernels cannot be loaded ({reason_of(error)}); install it again")
    return Kernels(library)


def _package() -> ModuleSpec | None:
    """Return where the package is, outside the working folder, which may be a bundle or hold one."""
    here = Path.cwd()
    return PathFinder.find_spec(PACKAGE, [entry for entry in sys.path if Path(entry).resolve() != here])


@cache
def _unusable(reason: str) -> Kernels:
    kernels = Kernels(None, reason)
    warnings.warn(str(kernels), RuntimeWarning, stacklevel=2)
    return kernels
