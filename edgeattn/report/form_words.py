"""What became of a model's modules, counted by kind: linear layers, embeddings, activations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from edgeattn.report.report import Layer

LEFT = "float"


def form_words(layers: Iterable[Layer]) -> str:
    """Write modules' forms as "24 linear layers as int8, 2 embeddings as int8 rows, 1 left float"."""
    forms = Counter((layer.form, "" if layer.form == LEFT else layer.noun) for layer in layers)
    return ", ".join(_words(*kind, number) for kind, number in forms.most_common()) or "none"


def _words(form: str, noun: str, number: int) -> str:
    if form == LEFT:
        return f"{number} left float"
    return f"{number} {noun}{'s' if number > 1 else ''} as {form}"
