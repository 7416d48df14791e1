"""What a worker and its owner say to each other: a line of JSON, then the arrays that it announces.

The line is an object with "bytes", the length of the safetensors that follow it; 0 where there are none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

Arrays = Mapping[str, NDArray[Any]]


def write_frame(stream: IO[bytes], message: Mapping[str, object], arrays: Arrays | None = None) -> None:
    """Write a message, and arrays of any dims, C-contiguous or not."""
    content = save({name: np.asarray(array, order="C") for name, array in arrays.items()}) if arrays else b""
    stream.write(json.dumps({**message, "bytes": len(content)}).encode() + b"\n" + content)
    stream.flush()


def read_frame(stream: IO[bytes]) -> tuple[dict[str, Any], dict[str, NDArray[Any]]] | None:
    """Read a message and its arrays; None where the other side has gone."""
    line = stream.readline()
    if not line.endswith(b"\n"):
        return None
    message = json.loads(line)
    content = stream.read(message["bytes"])
    if len(content) < message["bytes"]:
        return None
    return message, load(content) if content else {}
