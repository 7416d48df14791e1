from __future__ import annotations

from edgeattn.report.graph_words import form_words
from edgeattn.results.graph import Layer
from edgeattn_export.targets.cpu import FORMS


def test_linear_layers_embeddings_and_activations_are_counted_apart() -> None:
    forms = {"int8": 3, "gelu tanh": 2, "residual int8": 1, "int4 rows": 1, "float": 1}
    layers = [
        Layer("module", form, FORMS.noun(form), None) for form, number in forms.items() for _ in range(number)
    ]
    assert form_words(layers) == (
        "3 linear layers as int8, 2 activations as gelu tanh, 1 linear layer as residual int8, "
        "1 embedding as int4 rows, 1 left float"
    )


def test_nothing_is_none() -> None:
    assert form_words([]) == "none"
