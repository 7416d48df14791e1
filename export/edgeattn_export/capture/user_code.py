"""The line of the user's own code that led somewhere, and where it differs the library's line inside it.

A traced call passes through files of many hands: the user's, a library's, PyTorch's, edgeattn's own. The
user can change the first, and looks the second up.
"""

from __future__ import annotations

import re
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from traceback import FrameSummary

import numpy
import onnx_ir
import onnxscript
import sympy
import torch

_FRAME = re.compile(r'File "([^"]+)", line (\d+), in (\S+)\n\s+(.+)')
_PACKAGES = ("site-packages", "dist-packages")
_EXPORTERS = tuple(Path(str(kind.__file__)).parent for kind in (torch, onnxscript, onnx_ir, sympy, numpy))
_OWN = Path(__file__).parents[1]
_PYTHON = Path(sysconfig.get_path("stdlib"))


def user_line_in(text: str) -> str:
    """Say the same of the frames that a text lists, as Python prints them."""
    lines = _FRAME.findall(text)
    return user_line(FrameSummary(file, int(number), name, line=code) for file, number, name, code in lines)


def user_line(frames: Iterable[FrameSummary]) -> str:
    """Say where a call came from: `` at model.py, line 3, in forward (x.item())``; empty where it cannot be.

    Args:
        frames: The outermost first. What comes before the module was called counts for nothing.
    """
    relevant = [frame for frame in _inside_module(frames) if _is_relevant(Path(frame.filename))]
    if not relevant:
        return ""
    users = [frame for frame in relevant if not _is_in_library(Path(frame.filename))]
    inner, outer = relevant[-1], (users or relevant)[-1]
    return f" at {_line(outer)}" + ("" if outer is inner else f", inside it at {_line(inner)}")


def _inside_module(frames: Iterable[FrameSummary]) -> list[FrameSummary]:
    """Leave out what called the module: all up to the first frame of edgeattn's own, if there is one."""
    listed = list(frames)
    own = (i for i, frame in enumerate(listed) if _OWN in Path(frame.filename).parents)
    return listed[next(own, -1) + 1 :]


def _is_relevant(file: Path) -> bool:
    """Say whether a file is the user's or a library's, and neither the exporter's nor Python's."""
    if any(folder in file.parents for folder in (*_EXPORTERS, _OWN)) or file.name.startswith("<"):
        return False
    return _PYTHON not in file.parents or _is_in_library(file)


def _is_in_library(file: Path) -> bool:
    return any(name in file.parts for name in _PACKAGES)


def _line(frame: FrameSummary) -> str:
    file = Path(frame.filename)
    roots = [i for i, part in enumerate(file.parts) if part in _PACKAGES]
    name = "/".join(file.parts[roots[-1] + 1 :]) if roots else file.name
    return f"{name}, line {frame.lineno}, in {frame.name} ({(frame.line or '').strip()})"
