from __future__ import annotations

from dataclasses import replace
from functools import partial

import onnx_ir as ir
import pytest
import torch

from edgeattn.bundle import Bundle
from edgeattn.measure.runners import Arrays, Call
from edgeattn.measure.tune import tune
from edgeattn.source.handover import Handover
from edgeattn_export.quantize import Quantized
from edgeattn_export.quantize.parts import Part, Parts
from edgeattn_runtime.golden import Sample
from edgeattn_runtime.manifest import MAIN_GRAPH, CacheEntry, Generation, Manifest
from edgeattn_runtime.rows import Padding


class Original:
    """The tiny tagger in PyTorch, as a runner."""

    def __init__(self, module: torch.nn.Module) -> None:
        self._module = module

    @torch.no_grad()
    def __call__(self, inputs: Arrays) -> Arrays:
        answers = self._module(**{name: torch.from_numpy(array) for name, array in inputs.items()})
        return {name: tensor.numpy() for name, tensor in answers.items()}

    def bind(self, inputs: Arrays) -> Call:
        return partial(self, inputs)


@pytest.fixture(scope="module")
def parts(bundle: Bundle) -> Parts:
    """The graph of the session's bundle."""
    model = ir.from_proto(ir.serde.onnx.ModelProto.FromString(bundle.packed.files["model.onnx"]))
    graph = bundle.manifest.graphs[MAIN_GRAPH]
    return Parts({MAIN_GRAPH: Part(Quantized(model, "dynamic-int8", ()), graph)}, bundle.manifest.symbols)


@pytest.fixture(scope="module")
def inputs(handed: Handover) -> list[Arrays]:
    return [{name: tensor.numpy() for name, tensor in sample[0].items()} for sample in handed.samples]


def test_the_manifest_holds_what_was_found(
    bundle: Bundle, parts: Parts, handed: Handover, inputs: list[Arrays]
) -> None:
    tuned = tune(parts, Original(handed.module), inputs, [Sample(arrays, {}) for arrays in inputs[:4]])
    assert tuned.rows is not None
    assert (tuned.rows.batch, tuned.rows.padding) == ("batch", Padding("attention_mask", 0))
    manifest = replace(bundle.manifest, session=tuned.session, rows=tuned.rows)
    assert Manifest.from_json(manifest.to_json()) == manifest


def test_a_graph_of_steps_has_a_session_but_no_rows(
    parts: Parts, handed: Handover, inputs: list[Arrays]
) -> None:
    generation = Generation(
        kind="decoder",
        decoder=MAIN_GRAPH,
        tokens="tokens",
        logits="tags",
        cache=(CacheEntry("past", "present"),),
        positions=None,
    )
    tuned = tune(
        replace(parts, generation=generation), Original(handed.module), inputs, [Sample(inputs[0], {})]
    )
    assert tuned.rows is None
