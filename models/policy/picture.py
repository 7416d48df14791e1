"""The last steps of a game as an SVG that moves: a cart with its pole, or two links that swing."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor

WIDTH, HEIGHT = 420, 190
STEP = 0.2  # seconds: ten times as slow as CartPole, as a person can follow
TIMES = 3  # it is shown, and then stands still
SCALE = 80  # of CartPole: pixels a unit
LINK = 42  # of Acrobot: pixels
CART = (
    '<rect x="-26" y="-14" width="52" height="24" rx="3" fill="#2b3440"/>'
    '<line x1="0" y1="-8" x2="0" y2="-88" stroke="#d9730d" stroke-width="7" stroke-linecap="round">'
    "{pole}</line>"
)
LINKS = (
    f'<line x1="0" y1="0" x2="0" y2="{LINK}" stroke="#2b3440" stroke-width="8" stroke-linecap="round"/>'
    f'<g transform="translate(0 {LINK})"><g>{{inner}}<line x1="0" y1="0" x2="0" y2="{LINK}" stroke="#d9730d" '
    'stroke-width="8" stroke-linecap="round"/></g></g><circle r="4" fill="#c9d0d8"/>'
)


def moving(kind: str, values: Sequence[str]) -> str:
    """Return what takes an element through `values`, a step each."""
    return (
        f'<animateTransform attributeName="transform" type="{kind}" values="{";".join(values)}" '
        f'dur="{STEP * len(values):g}s" repeatCount="{TIMES}" fill="freeze"/>'
    )


def cart(steps: Tensor) -> str:
    """Draw CartPole: `steps` (T, 4) hold where the cart is and how the pole leans, in radians."""
    places = [f"{WIDTH / 2 + SCALE * row[0]:.1f} 130" for row in steps.tolist()]
    leans = [f"{math.degrees(row[2]):.1f} 0 -8" for row in steps.tolist()]
    track = f'<line x1="10" y1="142" x2="{WIDTH - 10}" y2="142" stroke="#c9d0d8" stroke-width="3"/>'
    drawn = CART.format(pole=moving("rotate", leans))
    return f'{track}<g transform="translate({places[-1]})">{moving("translate", places)}{drawn}</g>'


def angles(turns: Tensor) -> list[str]:
    """Return the degrees of `turns` (T, 2), cosine and sine, without a jump where they pass half a turn."""
    found: list[float] = []
    for cosine, sine in turns.tolist():
        angle = -math.degrees(math.atan2(sine, cosine))
        before = found[-1] if found else angle
        found.append(angle + 360 * round((before - angle) / 360))
    return [f"{angle:.1f}" for angle in found]


def links(steps: Tensor) -> str:
    """Draw Acrobot: `steps` (T, 6) hold the cosines and sines of both joints; 0 hangs down."""
    first, second = (angles(steps[:, place : place + 2]) for place in (0, 2))
    goal = 80 - LINK  # the height that the end must reach
    line = f'<line x1="60" y1="{goal}" x2="{WIDTH - 60}" y2="{goal}" stroke="#c9d0d8" stroke-width="2"/>'
    drawn = LINKS.format(inner=moving("rotate", second))
    return f'{line}<g transform="translate({WIDTH / 2:g} 80)"><g>{moving("rotate", first)}{drawn}</g></g>'


def drawing(observation: Tensor, words: str) -> str:
    """Return an SVG of `observation` (T, 10), the numbers of both games of which one is 0, over `words`."""
    balances = bool(observation[:, :4].any())
    drawn = cart(observation[:, :4]) if balances else links(observation[:, 4:])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}">'
        f'{drawn}<text x="{WIDTH / 2:g}" y="{HEIGHT - 12}" text-anchor="middle" font-family="sans-serif" '
        f'font-size="14" fill="#2b3440">{words}</text></svg>'
    )
