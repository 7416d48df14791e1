"""What became of a model's modules, counted by kind: linear layers, embeddings, activations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from edgeattn.report.report import Layer

_EMBEDDINGS = ("int8 rows", "int4 rows")


def form_words(layers: Iterable[Layer]) -> str:
    """Write modules' forms as "24 linear layers as int8, 2 embeddings as int8 rows, 1 left float"."""
    forms = Counter(layer.form for layer in layers)
    return ", ".join(_words(form, number) for form, number in forms.most_common()) or "none"


def _words(form: str, number: int) -> str:
    if form == "float":
        return f"{number} left float"
    if form == "gelu tanh":
        return f"{number} GELU by tanh"
    noun = "embedding" if form in _EMBEDDINGS else "linear layer"
    return f"{number} {noun}{'s' if number > 1 else ''} as {form}"
