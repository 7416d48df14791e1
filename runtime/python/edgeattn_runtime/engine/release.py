"""Releases of an engine, in their order."""

from __future__ import annotations

import re


def release(version: str) -> tuple[tuple[int, str], ...]:
    """Return "1.23.0rc1" as what orders 1.23: trailing zeros say nothing, a candidate counts as its release.

    Each number is compared by how many digits it has and then by these, since ``int`` refuses more than 4300.
    """
    numbers = re.match(r"\d+(?:\.\d+)*", version)
    digits = [number.lstrip("0") for number in numbers[0].split(".")] if numbers else []
    while digits and not digits[-1]:
        digits.pop()
    return tuple((len(number), number) for number in digits)
