"""Which file samples come from, said of whatever is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgeattn_runtime.errors import SampleError


@contextmanager
def samples_of(file: Path | None) -> Iterator[None]:
    """Name the file that samples come from in what is wrong with them.

    Args:
        file: Yields or holds them; None where they were handed over in Python.

    Raises:
        SampleError: One that was raised inside, with the file before it.
    """
    try:
        yield
    except SampleError as error:
        if file is None:
            raise
        raise SampleError(f"{file}: {error}") from error
