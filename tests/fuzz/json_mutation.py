"""Changes JSON value by value: one is replaced, doubled or removed, to reach what lies behind the parser."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

_ODD = json.loads(
    r"""[0, 1, -1, 2, 255, -1000, 65536, 2147483648, 4294967295, 9007199254740991, 9007199254740992, 0.5,
    9223372036854775808, 1.0, -0.0, 1e308, 5e-324, "", " ", "a", "\u00e9", "e\u0301", "\u202e", "\u0000",
    "\u2028", "\ud800", "a\u001b[2Jb", "../a", "/a", "manifest.json", "model", "int64", "(a+)+$", "L", null,
    true, false, [], {}, [[]], [0], {"type": "Lowercase"}, {"String": ""}, {"Regex": "(a|b)*"}]"""
)


def change(root: Any, draw: random.Random) -> bool:
    """Change one value below ``root``; return whether there was any."""
    places = list(_places(root))
    if not places:
        return False
    holder, key = draw.choice(places)
    kind, old = draw.randrange(8), holder[key]
    if kind == 0:
        del holder[key]
    elif kind == 1:
        other = copy.deepcopy(old)
        holder.append(other) if isinstance(holder, list) else holder.setdefault(draw.choice(places)[1], other)
    elif kind < 4:
        holder[key] = copy.deepcopy(draw.choice(_ODD))
    elif kind == 4 and isinstance(old, int | float):
        holder[key] = old + 1
    elif kind == 5 and isinstance(old, str):
        holder[key] = f"{old}a"
    else:  # what stands elsewhere
        there, name = draw.choice(places)
        holder[key] = copy.deepcopy(there[name])
    return True


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the holder and the key of every value below this one."""
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])
