"""What two processes say to each other: a line of JSON, then the arrays that it announces.

The line is an object with "bytes", the length of the safetensors that follow it; 0 where there are none. A
reader trusts nobody: a line or a content that is larger than it takes, or of another form, is refused, and
nothing is unpickled.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from edgeattn_runtime.boundary import refusing
from edgeattn_runtime.errors import BadInput

LINE = 1 << 23  # bytes of a line at most
NESTED = 1 << 16  # objects and arrays in it: each of three bytes takes a hundred in memory
CONTENT = 1 << 33  # bytes of arrays at most, where a reader names no other limit
_CHUNK = 1 << 20  # bytes read at once: memory is taken for what has come, not for what was announced

Message = dict[str, Any]
Arrays = Mapping[str, NDArray[Any]]


class FrameError(BadInput):
    """What was read is no frame, or a larger one than its reader takes."""


def write_frame(stream: IO[bytes], message: Mapping[str, object], arrays: Arrays | None = None) -> None:
    """Write a message, and arrays of any dims, C-contiguous or not."""
    content = save({name: np.asarray(array, order="C") for name, array in arrays.items()}) if arrays else b""
    write_packed(stream, message, content)


def write_packed(stream: IO[bytes], message: Mapping[str, object], content: bytes = b"") -> None:
    """Write a message, and arrays that are safetensors already."""
    line = json.dumps({**message, "bytes": len(content)}, allow_nan=False)
    stream.write(line.encode() + b"\n" + content)
    stream.flush()


def read_frame(stream: IO[bytes], *, most: int = CONTENT) -> tuple[Message, dict[str, NDArray[Any]]] | None:
    """Read a message and its arrays; None where the other side has gone. Raises FrameError."""
    frame = read_packed(stream, most=most)
    return None if frame is None else (frame[0], unpacked(frame[1]))


def read_packed(stream: IO[bytes], *, most: int = CONTENT) -> tuple[Message, bytes] | None:
    """Read a message, and its arrays as the safetensors that they came as; otherwise as ``read_frame``."""
    line = stream.readline(LINE)
    if not line.endswith(b"\n"):
        if len(line) == LINE:
            raise FrameError(f"a line of more than {LINE:,} bytes found; a frame's has less")
        return None
    message = _message(line)
    size = message.pop("bytes", None)
    if type(size) is not int or not 0 <= size <= most:
        raise FrameError(f"arrays of {str(size)[:40]} bytes announced; expected 0 to {most:,}")
    content = _read(stream, size)
    return None if len(content) < size else (message, content)


def unpacked(content: bytes) -> dict[str, NDArray[Any]]:
    """Return the arrays in safetensors, empty where there is no content; raises FrameError."""
    with refusing(FrameError, "arrays", "no safetensors of numpy's dtypes", "send these alone"):
        return dict(load(content)) if content else {}


def _message(line: bytes) -> Message:
    if (nested := line.count(b"{") + line.count(b"[")) > NESTED:
        raise FrameError(f"a line with {nested:,} objects and arrays found, at most {NESTED:,} expected")
    try:
        message = json.loads(line, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        words = line[:60].decode(errors="replace").strip()
        raise FrameError(f"{words!r} found, a frame's line of JSON expected") from error
    if not isinstance(message, dict):
        raise FrameError("a frame's line holds no JSON object")
    return message


def _refuse(name: str) -> object:
    raise ValueError(f"{name} is no number of JSON")


def _read(stream: IO[bytes], size: int) -> bytes:
    content = BytesIO()  # which hands out what it holds, and no copy
    while content.tell() < size:
        chunk = stream.read(min(_CHUNK, size - content.tell()))
        if not chunk:
            break
        content.write(chunk)
    return content.getvalue()
