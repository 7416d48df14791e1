"""A precompiled map of characters, as sentencepiece writes it: a double array of darts-clone, then texts."""

from __future__ import annotations

import struct
from collections.abc import Mapping


def charsmap(mapped: Mapping[str, str]) -> bytes:
    """Return the map's bytes."""
    texts, values = b"", {}
    for text, other in mapped.items():
        values[text.encode()] = len(texts)
        texts += other.encode() + b"\0"
    units = _double_array(values)
    array = struct.pack(f"<{len(units)}I", *units)
    return struct.pack("<I", len(array)) + array + texts


def _double_array(values: Mapping[bytes, int]) -> list[int]:
    """Return the units of a trie: a child is at its place, exclusive or its offset and its byte."""
    units: dict[int, int] = {0: 0}
    waiting = [(0, 0, b"")]
    while waiting:
        place, label, prefix = waiting.pop()
        behind = sorted(
            {key[len(prefix)] for key in values if key.startswith(prefix) and len(key) > len(prefix)}
        )
        is_leaf = prefix in values
        labels = [0] * is_leaf + behind
        base = next(b for b in range(1, 2**20) if all(b ^ one not in units and b ^ one for one in labels))
        offset = place ^ base
        assert offset < 2**21
        units[place] = offset << 10 | is_leaf << 8 | label
        if is_leaf:
            units[base] = values[prefix] | 1 << 31
        for one in behind:
            units[base ^ one] = 0
            waiting.append((base ^ one, one, prefix + bytes([one])))
    return [units.get(i, 0xFF) for i in range((max(units) | 255) + 1)]
