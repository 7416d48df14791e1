from __future__ import annotations

import pytest

from edgeattn_export.graph.dataflow import operators
from edgeattn_export.graph.samples import Samples
from edgeattn_export.lower import Lowered
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.lower.ort_web import PIECE
from edgeattn_export.quantize import Calibration, quantize
from edgeattn_export.quantize.recipes.recipe import EVERY, Recipe, Treatment
from edgeattn_export.targets.web import WEB
from edgeattn_runtime.bundle.deviation import cosine

ALIKE = 0.999  # of a kernel that quantizes activations to one that does not


@pytest.mark.parametrize(
    ("form", "embeddings"),
    [
        ("int8", "int8 rows"),
        ("int8", "int4 rows"),
        ("int8 per token", "int8 rows"),
        ("residual int8", "int8 rows"),
        ("int8 static", "int8 rows"),
    ],
)
def test_every_form_answers_in_node_as_here(
    lowered: Lowered, samples: Samples, form: str, embeddings: str
) -> None:
    if (lacking := WEB.engine.host.missing()) is not None:
        pytest.skip(lacking)
    recipe = Recipe("one", ((EVERY, Treatment(form)),), (embeddings, *WEB.candidates.others))
    model = quantize(Calibration(lowered.model, samples, ORT_CPU, WEB.forms), recipe).model
    assert operators(model)["RMSNormalization"] == 2
    here, node = ORT_CPU.runner(model)(samples[0].inputs), WEB.engine.runner(model)(samples[0].inputs)
    assert all(cosine(node[name], value) > ALIKE for name, value in here.items())


def test_its_files_are_in_pieces() -> None:
    assert PIECE < 20e6
    assert WEB.engine.format.suffix == ".onnx"
