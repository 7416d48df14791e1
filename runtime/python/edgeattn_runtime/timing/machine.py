"""The machine that a figure was measured on: without it, a latency says nothing."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnxruntime

from edgeattn_runtime.bundle.session_settings import available_cores
from edgeattn_runtime.engine.kernels import NONE, Kernels
from edgeattn_runtime.engine.system import CPUINFO, read_text, total_memory_mb
from edgeattn_runtime.fields import Positive, Record

# Those that decide which int8 kernels run, as Linux names them.
INSTRUCTION_SETS = (
    *("avx2", "avx_vnni", "avx512f", "avx512_vnni", "amx_int8"),
    *("asimd", "asimddp", "i8mm", "sve", "sve2", "sme"),
)

_MACOS_SETS = {
    "hw.optional.avx2_0": "avx2",
    "hw.optional.avx512f": "avx512f",
    "hw.optional.AdvSIMD": "asimd",
    "hw.optional.arm.FEAT_DotProd": "asimddp",
    "hw.optional.arm.FEAT_I8MM": "i8mm",
    "hw.optional.arm.FEAT_SME": "sme",
}
BOARD = Path("/proc/device-tree/model")
_DECORATION = re.compile(r"\((?:R|TM)\)|\bCPU\b|\bProcessor\b|\b\d+-Core\b|@.*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine(Record):
    """A processor, its memory, and the software that ran on it.

    Attributes:
        cpu: The processor's own name.
        instruction_sets: Those of ``INSTRUCTION_SETS`` that it has.
        cores: How many the process may run on.
        memory_mb: Of the whole machine, in 10^6 bytes; None where it cannot be known.
        system: The operating system and its release.
        versions: Of python, onnxruntime and numpy.
        kernels: Which way sessions went that were measured on it, as ``Kernels`` has it in words; None where
            their graphs had no node for kernels of edgeattn's own.
        kernel_choices: How their layers were multiplied, see ``Kernels.choices``; the same machine may choose
            otherwise the next time.
    """

    cpu: str
    instruction_sets: tuple[str, ...]
    cores: Positive
    memory_mb: Positive | None
    system: str
    versions: Mapping[str, str]
    kernels: str | None = None
    kernel_choices: tuple[str, ...] = field(default_factory=tuple, compare=False)

    def __str__(self) -> str:
        name = " ".join(_DECORATION.sub(" ", self.cpu).split())
        sets = f" ({', '.join(self.instruction_sets)})" if self.instruction_sets else ""
        release = re.match(r"\D*\d+(?:\.\d+)?", self.system)
        parts = [
            f"{name}{sets}",
            f"{self.cores} core{'s' if self.cores > 1 else ''}",
            *([] if self.memory_mb is None else [f"{self.memory_mb / 1000:.0f} GB"]),
            release[0] if release else self.system,
            *([] if self.kernels is None else [self.kernels]),
        ]
        return ", ".join(parts)

    @classmethod
    def here(cls, kernels: Kernels = NONE) -> Machine:
        """Return this machine, as far as its operating system says."""
        cpu, flags = _macos_processor() if sys.platform == "darwin" else _linux_processor(read_text(CPUINFO))
        memory_mb = total_memory_mb()
        return cls(
            cpu=cpu or platform.processor() or platform.machine() or "unknown",
            instruction_sets=tuple(name for name in INSTRUCTION_SETS if name in flags),
            cores=available_cores(),
            memory_mb=None if memory_mb is None else round(memory_mb),
            system=_system(),
            versions={
                "python": platform.python_version(),
                "onnxruntime": onnxruntime.__version__,
                "numpy": np.__version__,
            },
            kernels=None if kernels == NONE else str(kernels),
            kernel_choices=kernels.choices,
        )


def _linux_processor(text: str) -> tuple[str, set[str]]:
    """Return the processor's name and flags as Linux and Android report them, empty where they do not."""
    name = re.search(r"^(?:model name|Hardware)\s*:\s*(\S.*)$", text, re.MULTILINE)
    flags = re.search(r"^(?:flags|Features)\s*:\s*(.*)$", text, re.MULTILINE)
    board = read_text(BOARD).strip("\0\n ")
    return name[1].strip() if name else board, set(flags[1].split() if flags else ())


def _macos_processor() -> tuple[str, set[str]]:
    name = _sysctl("machdep.cpu.brand_string").rstrip(b"\0").decode()
    return name, {ours for theirs, ours in _MACOS_SETS.items() if any(_sysctl(theirs))}


def _sysctl(name: str) -> bytes:
    """Return one of macOS's own figures, empty where it has none of that name."""
    import ctypes

    value, size = ctypes.create_string_buffer(256), ctypes.c_size_t(256)
    failed = ctypes.CDLL(None).sysctlbyname(name.encode(), value, ctypes.byref(size), None, 0)
    return b"" if failed else value.raw[: size.value]


def _system() -> str:
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]}"
    return f"{platform.system()} {platform.release()}".strip() or os.name
