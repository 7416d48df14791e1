"""Changes of JSON and of bytes, as an accident or an attacker makes them."""

from __future__ import annotations

import copy
import json
import sys
from pathlib import Path
from random import Random
from typing import Any, Final

sys.path.append(str(Path(__file__).parents[1] / "fuzz"))

from json_mutation import change

HEAD: Final = 4000  # bytes in which a file's structure stands
LITERALS: Final = (b"NaN", b"Infinity", b"1e999", b"-0", b"01", b"0x1", b"1" * 5000, b"1E-400", b"[" * 10_000)


def mutated_json(draw: Random, value: Any) -> bytes:
    """Return the text of a JSON value with some of its places changed, or with the text itself broken."""
    value = copy.deepcopy(value)
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        change(value, draw)
    text = json.dumps(value, indent=2, ensure_ascii=draw.random() < 0.3).encode("utf-8", "surrogatepass")
    if draw.random() < 0.9:
        return text
    digits = [i for i, byte in enumerate(text) if 48 <= byte <= 57]
    if digits and draw.random() < 0.5:
        place = draw.choice(digits)
        return text[:place] + draw.choice(LITERALS) + text[place + 1 :]
    return mutated_bytes(draw, text)


def mutated_bytes(draw: Random, content: bytes) -> bytes:
    """Return bytes with some changed, lost or added, half of them where a file's structure stands."""
    changed = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 4, 16, 64))):
        if not changed:
            break
        place = draw.randrange(len(changed) if draw.random() < 0.5 else min(len(changed), HEAD))
        how = draw.random()
        if how < 0.4:
            changed[place] ^= 1 << draw.randrange(8)
        elif how < 0.65:
            changed[place] = draw.choice((0, 0x7F, 0x80, 0xFF, draw.randrange(256)))
        elif how < 0.8:
            del changed[place : place + draw.randint(1, 16)]
        elif how < 0.95:
            changed[place:place] = draw.randbytes(draw.randint(1, 16))
        else:
            del changed[place:]
    return bytes(changed)
