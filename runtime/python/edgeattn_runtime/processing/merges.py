"""Merges of a tokenizer.json that the library tokenizers would not survive.

It takes as many bytes off the second part of a merge as the model's prefix has. Where that cuts a character,
as it may where the part begins otherwise, the process is aborted (tokenizers 0.23).
"""

from __future__ import annotations

from collections.abc import Iterator

from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.fields import Field, parse


def check_merges(name: str, content: bytes) -> None:
    """Check that the second part of every merge begins with the prefix that it is said to have.

    Args:
        name: Of the file, for messages.
        content: What it holds.

    Raises:
        BundleError: One does not, or the file is no JSON of UTF-8, or has a key twice.
    """
    try:
        model = _entry(parse(content.decode()), "model")
    except UnicodeDecodeError as error:
        raise BundleError(f"{name}: not UTF-8 at byte {error.start}; export again") from error
    prefix = _entry(model, "continuing_subword_prefix").value
    if not isinstance(prefix, str) or not prefix:
        return
    for part in _second_parts(_entry(model, "merges").value):
        if not part.startswith(prefix):
            raise BundleError(
                f"{name}: a merge with {part[:40]!r} found, {prefix[:40]!r} expected before it; export again"
            )


def _entry(field: Field, key: str) -> Field:
    value = field.value.get(key) if isinstance(field.value, dict) else None
    return Field(key, value)


def _second_parts(merges: object) -> Iterator[str]:
    """Yield that of each merge, which is a pair or two parts with a space between."""
    for merge in merges if isinstance(merges, list) else ():
        parts = merge.split(" ") if isinstance(merge, str) else merge
        if isinstance(parts, list) and len(parts) == 2 and isinstance(parts[1], str):
            yield parts[1]
