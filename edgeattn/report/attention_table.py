"""An attention map on a terminal: a row for each query, a column for each key, shades and percentages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

SHADES = ((0.5, "█"), (0.3, "▓"), (0.15, "▒"), (0.05, "░"))  # from which share on
QUIET = 0.05  # of a row: what is less is dim
_CELL = 4  # columns of the terminal, at least: a shade and a percentage
_GAP = 1


def attention_parts(
    title: str,
    weights: NDArray[np.float64],
    queries: Sequence[str],
    keys: Sequence[str],
    *,
    width: int,
) -> Iterator[RenderableType]:
    """Lay out one map, (queries, keys), its keys in as many tables as the width, in columns, asks for."""
    yield Text(title, style="bold")
    side = max(map(len, queries)) + _GAP
    first = 0
    while first < len(keys):
        used, last = side, first
        while last < len(keys) and (last == first or used + _width(keys[last]) <= width):
            used += _width(keys[last])
            last += 1
        yield _table(weights[:, first:last], queries, keys[first:last])
        first = last


def _table(weights: NDArray[np.float64], queries: Sequence[str], keys: Sequence[str]) -> Table:
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("", style="bold", no_wrap=True)
    for key in keys:
        table.add_column(key, justify="right", no_wrap=True, min_width=max(_CELL, len(key)))
    for query, row in zip(queries, weights, strict=True):
        table.add_row(query, *(_cell(share, largest=share == row.max()) for share in row))
    return table


def _cell(share: float, *, largest: bool) -> Text:
    shade = next((shade for least, shade in SHADES if share >= least), " ")
    style = "bold cyan" if largest else "dim" if share < QUIET else ""
    return Text(f"{shade}{100 * share:3.0f}", style=style)


def _width(key: str) -> int:
    return max(_CELL, len(key)) + _GAP
