"""What `pip install edgeattn` leaves out on a device, told in one line where it is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from edgeattn_runtime.errors import EdgeAttnError


@contextmanager
def extra(name: str, module: str) -> Iterator[None]:
    """Tell how to install an extra where an import inside the block misses its module.

    Args:
        name: The extra, such as "image".
        module: What it brings, such as "PIL".

    Raises:
        EdgeAttnError: One line with the command.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != module:
            raise
        raise EdgeAttnError(
            f"{module} not found, which prepares {name}: pip install 'edgeattn[{name}]'"
        ) from error
