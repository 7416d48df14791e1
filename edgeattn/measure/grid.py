"""The shapes and numbers of threads that a benchmark sweeps, as the command line gives them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from edgeattn_runtime.errors import BadInput

MOST = 64  # points of a grid


def parse_shapes(items: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Read sizes: ``SYMBOL=SIZE``, or several of them joined by commas.

    Raises:
        BadInput: An item of another form, a size or a symbol given twice.
    """
    sizes: dict[str, tuple[int, ...]] = {}
    for item in items:
        symbol, _, text = (part.strip() for part in item.partition("="))
        if not symbol or not text:
            raise BadInput(f"shape {item!r}: SYMBOL=SIZE expected, such as sequence=128 or sequence=16,128")
        if symbol in sizes:
            raise BadInput(f"shape {symbol}: given twice, once expected; leave one out")
        sizes[symbol] = _numbers(f"shape {item!r}", text)
    return sizes


def parse_threads(text: str) -> tuple[int, ...]:
    """Read numbers of intra-op threads, such as ``1,2,4``.

    Raises:
        BadInput: What is no number above 0, or given twice.
    """
    counts = _numbers(f"threads {text!r}", text)
    if 0 in counts:
        raise BadInput(f"threads {text!r}: 0 found, at least 1 expected")
    return counts


def points(shapes: Mapping[str, Sequence[int]]) -> list[dict[str, int]]:
    """Return every combination of sizes; without any, one that leaves the samples as they are.

    Raises:
        BadInput: There are more than ``MOST``.
    """
    found = [dict(zip(shapes, sizes, strict=True)) for sizes in product(*shapes.values())]
    if len(found) > MOST:
        raise BadInput(f"shape: {len(found)} combinations found, at most {MOST} expected; leave some out")
    return found


def _numbers(label: str, text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise BadInput(f"{label}: whole numbers expected, joined by commas, such as 1,8")
    numbers = tuple(map(int, parts))
    if len(set(numbers)) < len(numbers):
        raise BadInput(f"{label}: a number given twice, each once expected; leave one out")
    return numbers
