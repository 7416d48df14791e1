"""The coverage table: takes every form through the workshop and writes docs/coverage.md, in five minutes.

python tests/coverage/table.py
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import torch
from forms.catalog import FORMS
from forms.form import Form
from measures import Empty, empty, errors, in_units, int8_accuracy
from row import Row, row_of

from edgeattn_export.capture.captured import OPSET
from edgeattn_runtime.errors import EdgeAttnError

TABLE = Path(__file__).parents[2] / "docs" / "coverage.md"
COLUMNS = ("family", "form", "whole", "float error", "int8 R²", "channel", "padding only")
WHOLE = "whole"
LIBRARIES = ("torch", "transformers", "onnxruntime")

HEAD = """\
# Forms of attention, and what becomes of them

{summary}

Each form is a small module with drawn weights, exported to opset {opset} as a user's own would be
(`tests/coverage/forms`).
Made by `python tests/coverage/table.py` with {versions}.

- **whole**: how many attentions the form has, each of them one Attention operator in the graph; else the
  report's reason
- **float error**: the largest difference between the float graph and PyTorch, over several batch sizes,
  lengths and masks, in units of what its channel varies by over the samples
- **int8 R²**: of all layers in plain int8 to PyTorch over the samples, [as a report gives it](budget.md);
  the lowest of any output
- **channel**: R² of the worst channel
- **padding only**: the float error of a batch in which one row is only padding. Where PyTorch answers that
  row with NaN, the graph answers it with numbers, and the other rows are compared

"""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table."""

    form: Form
    fate: str
    error: float | None = None
    r2: float | None = None
    channel: float | None = None
    padding: str = ""

    @classmethod
    def of(cls, row: Row) -> Line:
        """Measure a row."""
        whole = row.attentions == row.form.attentions and row.form.refusal is None
        fate = f"{WHOLE}, {row.attentions}" if whole else f"refused: {'; '.join(row.reasons) or 'not found'}"
        difference, outputs = in_units(row), int8_accuracy(row)
        return cls(
            row.form,
            fate,
            max(errors(row, difference).values()),
            min(output.r2 for output in outputs),
            min(output.r2_channel_min for output in outputs),
            _padding(empty(row, difference)),
        )

    @property
    def cells(self) -> tuple[str, ...]:
        """The line's cells, in the order of ``COLUMNS``."""
        error = "" if self.error is None else f"{self.error:.0e}"
        kept = ("" if share is None else f"{share:.4f}" for share in (self.r2, self.channel))
        fate = self.fate.removeprefix(f"{WHOLE}, ")
        return (self.form.family, self.form.name, fate, error, *kept, self.padding)


def lines(forms: Iterable[Form]) -> Iterator[Line]:
    """Take forms through the workshop, one by one; what cannot be exported says so in its line."""
    for form in forms:
        try:
            yield Line.of(row_of(form))
        except EdgeAttnError as refusal:
            yield Line(form, f"refused: {refusal}")


def render(table: Iterable[Line]) -> str:
    """Return the page."""
    table = tuple(table)
    whole = sum(line.fate.startswith(WHOLE) for line in table)
    summary = f"**{len(table)} forms: {whole} kept whole, {len(table) - whole} refused with a reason.**"
    rows = (COLUMNS, ("---",) * len(COLUMNS), *(line.cells for line in table))
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return HEAD.format(summary=summary, opset=OPSET, versions=versions) + "".join(
        f"| {' | '.join(map(_escaped, row))} |\n" for row in rows
    )


def listed(page: str) -> list[tuple[str, str]]:
    """Return the family and form of each line of a page."""
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    return [(family, form) for family, form, *_ in rows[2:]]


def _padding(answer: Empty | None) -> str:
    if answer is None:
        return ""
    return f"{answer.error:.0e}" if answer.defined else f"{answer.error:.0e}, NaN in PyTorch"


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|")


def main() -> None:
    """Write the page, telling each form on the way."""
    torch.set_num_threads(1)
    table = []
    for line in lines(FORMS):
        print(" | ".join(line.cells), file=sys.stderr, flush=True)
        table.append(line)
    TABLE.write_text(render(table), encoding="utf-8")


if __name__ == "__main__":
    main()
