"""Kernels of attention in the search: taken node by node where they are faster, and proven as a whole."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx_ir as ir
import pytest
import torch
from fixture_types import Export
from numpy.typing import NDArray
from onnx_ir.tape import Tape
from tapes import model_of
from torch import Tensor, nn

from edgeattn_export.graph.functions import DOMAIN
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.lower import lower
from edgeattn_export.lower.ort_cpu import LOWERINGS, ORT_CPU
from edgeattn_export.quantize import Calibration, Recipe, Treatment
from edgeattn_export.quantize.float_graphs import FloatGraph
from edgeattn_export.quantize.quantize import written
from edgeattn_export.quantize.recipes.bundle_recipe import divided, joined
from edgeattn_export.quantize.recipes.recipe import EVERY
from edgeattn_export.recover import recover
from edgeattn_export.search import Goal, Rig, error_meter, kernel_rewrites, search
from edgeattn_export.search.error_meter import ErrorMeter
from edgeattn_export.search.kernel_rewrites import KERNEL, STOCK, Site, with_kernels
from edgeattn_export.search.rig import silent
from edgeattn_export.search.store import Answer
from edgeattn_export.targets.cpu import CPU, FORMS

Heads = Callable[..., list[int]]
WIDTH = 32
NAME = "kernel attention"
PLAIN = Recipe("plain", ((EVERY, Treatment("int8")),), ("int8 rows",))
MakeRig = Callable[[Path | None], Rig]


class Attention(nn.Module):
    """Attention of one input, with heads."""

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.packed, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (
            self.packed(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        )  # (B, H, S, D) each
        y = nn.functional.scaled_dot_product_attention(q, k, v)
        return self.out(y.transpose(1, 2).flatten(2))


class Attentions(nn.Module):
    """Two that are alike, and one with other heads."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Attention(heads) for heads in (4, 4, 2))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = x + layer(x)
        return x


@pytest.fixture(scope="module")
def attentions(exported: Export) -> FloatGraph:
    torch.manual_seed(0)
    raw = [{"x": torch.randn(1, length, WIDTH)} for length in (5, 9, 3, 7, 4, 6)]
    captured, samples = exported(Attentions(), raw)
    inputs = [sample.inputs for sample in samples[:2]]
    model = lower(recover(captured, samples).model, LOWERINGS, ORT_CPU, inputs).model
    return FloatGraph(Calibration(model, samples[:3], ORT_CPU, FORMS), samples[3:], captured.graph)


@pytest.fixture
def meter(attentions: FloatGraph, rig: MakeRig, tmp_path: Path) -> ErrorMeter:
    bench = rig(tmp_path)
    return ErrorMeter(attentions, replace(bench, candidates=replace(bench.candidates, kernels=CPU.kernels)))


@pytest.fixture
def heads_in_ms(monkeypatch: pytest.MonkeyPatch) -> Heads:
    """A function that gives the kernel its milliseconds by heads, where the stock operator takes 1."""

    def give(**milliseconds: float) -> list[int]:
        asked: list[int] = []

        def timed(_: ErrorMeter, sites: Sequence[Site]) -> Iterator[Answer]:
            for site in sites:
                heads = (
                    site.node.attributes.get_int("q_num_heads", 0)
                    or site.inputs[site.node.inputs[0].name or ""].shape[1]
                )
                asked.append(heads)
                yield {STOCK: 1.0, KERNEL: milliseconds[f"of_{heads}"]}

        monkeypatch.setattr(kernel_rewrites, "_timed", timed)
        return asked

    return give


@pytest.mark.parametrize(
    ("of_4", "of_2", "places"),
    [(0.5, 0.9, [NAME]), (1.5, 0.9, [f"{NAME} at layers.2"]), (1.0, 1.5, [])],
)
def test_the_rewrite_is_for_those_that_are_faster(
    of_4: float, of_2: float, places: list[str], meter: ErrorMeter, heads_in_ms: Heads
) -> None:
    asked = heads_in_ms(of_4=of_4, of_2=of_2)
    taken = with_kernels(meter, PLAIN, silent)
    name = f"plain, {NAME}" if places else "plain"
    assert taken == replace(PLAIN, name=name, rewrites=("int8 rows", *places))
    assert sorted(asked) == [2, 4]  # those that are alike are timed once
    with_kernels(meter, PLAIN, silent)
    assert len(asked) == 2  # what is known is not timed again


def test_a_rewrite_at_a_module_is_written_there_alone(meter: ErrorMeter) -> None:
    placed = replace(PLAIN, rewrites=("int8 rows", f"{NAME} at layers.2"))
    graph = written(meter.calibration, placed).graph
    kernels = {module_of(node): node.domain for node in graph if node.op_type == "Attention"}
    assert kernels == {"layers.0": "", "layers.1": "", "layers.2": DOMAIN}


def test_without_the_library_nothing_is_timed(
    attentions: FloatGraph, rig: MakeRig, heads_in_ms: Heads
) -> None:
    asked = heads_in_ms()
    assert with_kernels(ErrorMeter(attentions, rig(None)), PLAIN, silent) is PLAIN
    assert asked == []


def test_both_ways_run_on_what_reaches_the_node(meter: ErrorMeter) -> None:
    """Without the library both are the standard operator."""
    sites = kernel_rewrites._sites(meter, NAME)
    assert len({site.key for site in sites}) == 2
    for site, times in zip(sites, kernel_rewrites._timed(meter, sites), strict=True):
        assert site.ways[KERNEL].functions
        assert not site.ways[STOCK].functions
        assert min(float(str(times[way])) for way in (STOCK, KERNEL)) > 0


def test_a_site_begins_where_the_kernel_reads(meter: ErrorMeter) -> None:
    """That of a cache in int8 has the rows restored in one way, and reads them in the other."""
    model, inputs = _int8_attention()
    calibration = SimpleNamespace(model=model, engine=ORT_CPU, forms=FORMS)
    stub: Any = SimpleNamespace(calibration=calibration, samples=Samples((Sample(inputs),)), rig=meter.rig)
    users = {value.name: len(value.uses()) for value in model.graph.inputs}
    (site,) = kernel_rewrites._sites(stub, "kernel int8 attention")
    assert {value.name: len(value.uses()) for value in model.graph.inputs} == users
    operators = {way: [node.op_type for node in model.graph] for way, model in site.ways.items()}
    assert sorted(operators[STOCK]) == ["Attention", "Cast", "Cast", "Mul", "Mul"]
    assert operators[KERNEL] == ["Int8Attention"]
    stock, kernel = (ORT_CPU.runner(model)(site.inputs) for model in site.ways.values())
    for name, answer in stock.items():
        np.testing.assert_array_equal(kernel[name], answer)


def _int8_attention() -> tuple[ir.Model, dict[str, NDArray[Any]]]:
    random, tape = np.random.default_rng(0), Tape()
    inputs: dict[str, NDArray[Any]] = {"q": random.standard_normal((1, 2, 3, 8)).astype(np.float32)}
    for name in ("k", "v"):
        inputs[name] = random.integers(-127, 128, (1, 2, 5, 8)).astype(np.int8)
        inputs[f"{name}_scale"] = random.random((1, 2, 5, 1)).astype(np.float32)
    values = {
        name: ir.val(name, ir.DataType.from_numpy(array.dtype), array.shape) for name, array in inputs.items()
    }
    query = tape.op("Neg", [values["q"]])
    query.shape = values["q"].shape
    restored = [
        tape.op("Mul", [tape.op("Cast", [values[name]], {"to": ir.DataType.FLOAT}), values[f"{name}_scale"]])
        for name in ("k", "v")
    ]
    y = tape.op("Attention", [query, *restored])
    for number, node in enumerate(tape.nodes):
        node.outputs[0].name, node.outputs[0].type = f"value{number}", ir.TensorType(ir.DataType.FLOAT)
    return model_of(tape, list(values.values()), [y]), inputs


@pytest.mark.parametrize("faster", [True, False])
def test_the_search_keeps_them_where_the_whole_graph_is_faster(
    faster: bool, meter: ErrorMeter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def milliseconds(_: object, recipes: tuple[Recipe, ...], __: object) -> list[float]:
        return [(0.5 if faster else 2.0) if NAME in recipe.rewrites else 1.0 for recipe in recipes]

    monkeypatch.setattr(error_meter, "_milliseconds", milliseconds)
    monkeypatch.setattr(
        sys.modules["edgeattn_export.search.search"],  # the package's name of it is the function's
        "with_kernels",
        lambda _, recipe, __: replace(recipe, rewrites=(*recipe.rewrites, NAME)),
    )
    found = search(meter.float_graph, Goal(), meter.rig)
    assert (NAME in found.chosen.recipe.rewrites) is faster
    assert found.chosen in found.trials
    assert any(NAME in trial.recipe.rewrites for trial in found.trials)


def test_a_bundle_keeps_the_places_of_each_graph(attentions: FloatGraph) -> None:
    placed = replace(PLAIN, rewrites=(f"{NAME} at layers.2",))
    layers = attentions.calibration.layers
    whole = joined({"encoder": placed, "decoder": PLAIN})
    assert whole.rewrites == (f"encoder/{NAME} at layers.2", "decoder/int8 rows")
    assert divided(whole, {"encoder": layers, "decoder": layers}, FORMS) == {
        "encoder": replace(placed, name=whole.name),
        "decoder": replace(PLAIN, name=whole.name),
    }
