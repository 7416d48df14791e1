"""Text that comes from a file is shown only where a terminal takes it for text."""

from __future__ import annotations

from edgeattn_runtime.errors import BundleError


def check_printable(value: object, key: str = "$") -> None:
    """Refuse text that a terminal would take for commands of its own.

    Args:
        value: What a JSON file holds.
        key: Where, for the error.

    Raises:
        BundleError: With the key, and what was found there.
    """
    match value:
        case str() if not value.isprintable():
            raise BundleError(f"{key}: {value!r} found, a printable text expected")
        case dict():
            for name, field in value.items():
                check_printable(name, key)
                check_printable(field, f"{key}.{name}")
        case list():
            for i, item in enumerate(value):
                check_printable(item, f"{key}[{i}]")
