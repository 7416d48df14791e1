from __future__ import annotations

import pytest

from edgeattn_export.capture import Captured
from edgeattn_export.graph.files import serialize
from edgeattn_export.graph.samples import Samples
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Quantized
from edgeattn_export.quantize.forms import FLOAT
from edgeattn_export.quantize.quantize import float_layers, mean_cosines
from edgeattn_export.recover import Recovered


def test_every_layer_is_reported_by_its_pytorch_name(int8: Quantized) -> None:
    found = sorted((layer.module, layer.form) for layer in int8.layers)
    assert found == [
        ("biased", "int8"),
        ("first", "int8"),
        ("flat", "int8"),
        ("gelu", "gelu tanh"),
        ("second", "int8"),
        ("segments", FLOAT.name),
        ("shared", "int8"),
        ("shared", "int8"),
        ("unbiased", "int8"),
        ("unbiased", "int8"),
        ("words", "int8 rows"),
    ]


def test_an_encoders_layers(quantized: Quantized) -> None:
    assert {layer.module: layer.form for layer in quantized.layers} == {
        "query+key+value": "int8",
        "output": "int8",
        "up": "int8",
        "down": "int8",
        "tokens": "int8 rows",
        "": "gelu tanh",  # a function, called by the model itself
    }


def test_each_has_moved_a_little(int8: Quantized) -> None:
    moved = {layer.module: layer.cosine for layer in int8.layers if layer.form != FLOAT.name}
    assert all(cosine is not None and 0.999 < cosine < 1 for cosine in moved.values())


def test_a_float_layer_before_all_others_has_not(int8: Quantized) -> None:
    assert [layer.cosine for layer in int8.layers if layer.module == "segments"] == [
        pytest.approx(1.0, abs=1e-12)
    ]


def test_a_graph_compared_with_itself(layers: tuple[Captured, Samples, Recovered]) -> None:
    _, samples, recovered = layers
    before = serialize(recovered.model)
    names = [name for _, name in float_layers(recovered.model, recovered.model)]
    assert len(set(names)) == len(names) >= 8
    cosines = mean_cosines(recovered.model, recovered.model, [*names, "no such value"], samples, ORT_CPU)
    assert cosines == dict.fromkeys(names, pytest.approx(1.0, abs=1e-12))
    assert serialize(recovered.model) == before
