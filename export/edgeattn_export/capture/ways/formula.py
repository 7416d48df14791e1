"""Numbers that follow a size: times * ((size + shift) // divisor) + plus, found from two or three of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

LARGEST_DIVISOR = 64  # such as a stride, or the side of a window


@dataclass(frozen=True, slots=True)
class Formula:
    """times * ((size + shift) // divisor) + plus: twice a size, a half rounded down or up, one less."""

    times: int
    shift: int
    divisor: int
    plus: int

    def __call__(self, size: int) -> int:
        """Return the number at a size."""
        return self.times * ((size + self.shift) // self.divisor) + self.plus


def formula(numbers: Mapping[int, int]) -> Formula | None:
    """Return the simplest formula that gives a number at each size, or None where there is none.

    Args:
        numbers: By size, at least two.
    """
    fitting = (f for f in _tried(numbers) if all(f(size) == number for size, number in numbers.items()))
    return next(fitting, None)


def _tried(numbers: Mapping[int, int]) -> Iterator[Formula]:
    first, last = min(numbers), max(numbers)
    rise = numbers[last] - numbers[first]
    for divisor in range(1, LARGEST_DIVISOR + 1):
        for shift in dict.fromkeys((0, divisor - 1)):  # rounded down, or up
            steps = (last + shift) // divisor - (first + shift) // divisor
            if steps and rise % steps == 0:
                times = rise // steps
                plus = numbers[first] - times * ((first + shift) // divisor)
                yield Formula(times, shift, divisor, plus)
