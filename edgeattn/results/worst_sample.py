"""One sample in a form to be looked at: pictures, text, lines or numbers, and both models' answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class InputView:
    """One input.

    Attributes:
        text: Words, or numbers; where it is drawn, what is drawn.
        picture: A PNG in base64; empty where there is none.
        curves: Lines to be drawn over one another, each from left to right.
    """

    name: str
    text: str
    picture: str = ""
    curves: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class WorstSample:
    """A sample on which the bundle is further from the original than on most others.

    Attributes:
        sample: Its number, counted from 0 as ``samples()`` yields them.
        error: Root mean square, in units of what answers vary by.
        original: The original's answer, in words.
    """

    sample: int
    error: float
    inputs: tuple[InputView, ...]
    original: str
    bundle: str
