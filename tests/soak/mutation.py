"""Changes of JSON and of bytes, as an accident or an attacker makes them."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any, Final

HEAD: Final = 4000  # bytes in which a file's structure stands
NUMBERS: Final = (
    *(0, -1, 1, 2, 3, 255, 2**31 - 1, 2**31, 2**53 - 1, 2**53, 2**63, -(2**63), 10**30),
    *(0.5, 1e308, 5e-324),
)
TEXTS: Final = (
    "",
    " ",
    "\0",
    "a\x1b[2Jb",
    "\u202egpj",
    "\u200b",
    "\ud800",
    "\U0001f4a9",
    "../x",
    "/etc/passwd",
    "a" * 5000,
    "1." * 40 + "1",
    "(a+)+$",
    "float32",
    "int64",
    "model",
)
REST: Final = (None, True, False, [], {}, [[]], {"": ""}, {"a": None})
LITERALS: Final = (b"NaN", b"Infinity", b"1e999", b"-0", b"01", b"0x1", b"1" * 5000, b"1E-400", b"[" * 10_000)

Path = tuple[Any, ...]


def mutated_json(draw: Random, value: Any) -> bytes:
    """Return the text of a JSON value with some of its places changed, or with the text itself broken."""
    value = copy.deepcopy(value)
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        _mutate(draw, value)
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


def _mutate(draw: Random, root: Any) -> None:
    """Change one place of a value: another value there, or none, or one more, or another name."""
    places = [path for path in _paths(root) if path]
    if not places:
        return
    path = draw.choice(places)
    parent = _at(root, path[:-1])
    old, how = parent[path[-1]], draw.random()
    if how < 0.7:
        parent[path[-1]] = _value(draw, old, [_at(root, each) for each in places])
    elif how < 0.82:
        del parent[path[-1]]
    elif isinstance(parent, list):
        parent.insert(draw.randrange(len(parent) + 1), copy.deepcopy(old))
    elif how < 0.9:
        parent[draw.choice((*TEXTS, *parent))] = copy.deepcopy(old)
    else:
        name = draw.choice(TEXTS)
        items = [(name if key == path[-1] else key, value) for key, value in parent.items()]
        parent.clear()
        parent.update(items)


def _value(draw: Random, old: Any, others: list[Any]) -> Any:
    """Return what stands in the place of a value: mostly one of its type, which is believed for longest."""
    how = draw.random()
    if how < 0.4:
        return copy.deepcopy(draw.choice([other for other in others if type(other) is type(old)]))
    if how < 0.6:
        return draw.choice(NUMBERS)
    if how < 0.75:
        return draw.choice(TEXTS)
    if how < 0.85:
        return copy.deepcopy(draw.choice(REST))
    if how < 0.88:
        return _nested(draw.choice((20, 100)))
    if isinstance(old, list):
        return old[::-1] if how < 0.94 else old * draw.choice((2, 3, 50))
    if isinstance(old, int | float) and not isinstance(old, bool):
        return old + draw.choice((1, -1, 0.5, 10, 1000))
    return str(old) + draw.choice(("x", "é", "/", ".", " ", "\u2028"))


def _nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from _paths(value[key], (*path, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _paths(each, (*path, index))


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value
