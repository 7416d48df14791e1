"""Signs manifests with Ed25519, RFC 8032 section 5.1: for tests, not for secrets."""

from __future__ import annotations

import hashlib
from functools import cache

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_BASE = (
    15112221349535400772501151409588531511454012693041857206046113283949847762202,
    46316835694926478169428394003475163141307993866256225615783033603165251855960,
)
_SECRET = bytes(range(32))


@cache
def public_key() -> str:
    """Return the key that verifies, in hex."""
    return _packed(_times(_scalar(), _BASE)).hex()


def sign(message: bytes) -> bytes:
    """Return the 64 bytes of a signature."""
    secret, key = _scalar(), bytes.fromhex(public_key())
    nonce = _number(hashlib.sha512(_SECRET).digest()[32:] + message)
    point = _packed(_times(nonce, _BASE))
    proof = (nonce + _number(point + key + message) * secret) % _L
    return point + proof.to_bytes(32, "little")


def _scalar() -> int:
    half = int.from_bytes(hashlib.sha512(_SECRET).digest()[:32], "little")
    return half & (2**254 - 8) | 2**254


def _number(data: bytes) -> int:
    return int.from_bytes(hashlib.sha512(data).digest(), "little") % _L


def _packed(point: tuple[int, int]) -> bytes:
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _times(count: int, point: tuple[int, int]) -> tuple[int, int]:
    total = (0, 1)
    while count:
        if count & 1:
            total = _sum(total, point)
        point, count = _sum(point, point), count >> 1
    return total


def _sum(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    (x1, y1), (x2, y2) = one, other
    product = _D * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, _P)
    y = (y1 * y2 + x1 * x2) * pow(1 - product, -1, _P)
    return x % _P, y % _P
