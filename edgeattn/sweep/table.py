"""The rows of a sweep as a person reads them on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from edgeattn.report.number_words import figure, r2
from edgeattn.sweep.line import Line, Word

_STYLES: dict[Word, str] = {"pass": "green", "fail": "red", "undecided": "yellow", "refused": "red"}
_NUMBERS = ("R²", "worst", "ms", "MB", "speedup")


def table_parts(lines: Sequence[Line]) -> tuple[RenderableType, ...]:
    """Lay out a sweep: a row each, then what those that do not pass miss."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    places = _differing(lines)
    for name in ("", "Model", "Budget", *places, ""):
        table.add_column(name, overflow="fold")  # two budgets must not look alike
    figures = [_figures(line) for line in lines]
    columns = [i for i in range(len(_NUMBERS)) if any(row[i] for row in figures)]
    for i in columns:
        table.add_column(_NUMBERS[i], justify="right", no_wrap=True)
    for line, row in zip(lines, figures, strict=True):
        place = (str(getattr(line, name.lower())) for name in places)
        word = Text(line.verdict, style=_STYLES[line.verdict])
        number = Text(str(line.number), style="dim")
        table.add_row(number, line.model, line.budget, *place, word, *(row[i] for i in columns))
    misses = [Text(f"{line.number}  {line.model}: {line.reason}") for line in lines if line.reason]
    return table, *misses, Text(_conditions(lines, places), style="dim")


def _differing(lines: Sequence[Line]) -> tuple[str, ...]:
    """Return which of the columns for a place do not say the same in every row."""
    words = {
        "Target": {line.target for line in lines},
        "Device": {line.device for line in lines if line.device},
    }
    return tuple(name for name, each in words.items() if len(each) > 1)


def _figures(line: Line) -> tuple[str, ...]:
    return (
        *("" if value is None else r2(value) for value in (line.r2, line.r2_channel_min)),
        "" if line.latency_ms is None else figure(line.latency_ms) + ("*" if line.nominal else ""),
        "" if line.size_mb is None else figure(line.size_mb),
        "" if line.speedup is None else f"{figure(line.speedup)}x",
    )


def _conditions(lines: Sequence[Line], places: Sequence[str]) -> str:
    target = "" if "Target" in places else f"For {lines[0].target}. "
    name = "" if "Device" in places else max(line.device for line in lines)  # "" where no row has any
    device = f" on {name}" if name else ""
    raced = any(line.speedup is not None for line in lines)
    speedup = " speedup: PyTorch's p50 over int8's, raced side by side." if raced else ""
    nominal = " * counted, not measured." if any(line.nominal for line in lines) else ""
    return (
        f"{target}ms: the chosen recipe in the search, p50, one thread{device}, processor time."
        f"{speedup}{nominal}"
    )
