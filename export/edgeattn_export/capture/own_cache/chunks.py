"""Ways to cut a text into the calls by which a cache is proven."""

from __future__ import annotations

from collections.abc import Iterator

ONE_BY_ONE = 32  # tokens; further ones come as one chunk, so that a proof's time is bounded


def chunkings(length: int) -> Iterator[tuple[int, ...]]:
    """Yield ways to cut a text: all one by one, half and then one by one, and in thirds."""
    half, third = length // 2, length // 3
    yield _one_by_one(length)
    if half:
        yield half, *_one_by_one(length - half)
    if third:
        yield third, third, length - 2 * third


def shown(chunks: tuple[int, ...]) -> str:
    """Return the lengths of the chunks for a message, the first few of many."""
    first = ", ".join(map(str, chunks[:4]))
    return first if len(chunks) <= 4 else f"{first}, ..."


def _one_by_one(length: int) -> tuple[int, ...]:
    single = (1,) * min(length, ONE_BY_ONE)
    return single if length <= ONE_BY_ONE else (*single, length - ONE_BY_ONE)
