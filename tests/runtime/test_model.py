from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edgeattn_runtime
from edgeattn_runtime import BadInput, BundleError, InputError, Model, load, model
from edgeattn_runtime.graph import Symbol, Tensor

TOKENS = np.array([[1, 2, 3]])
MASK = np.ones((1, 3), np.float32)


def test_public_names_are_sorted_and_there() -> None:
    assert edgeattn_runtime.__all__ == sorted(edgeattn_runtime.__all__)
    for name in edgeattn_runtime.__all__:
        assert getattr(edgeattn_runtime, name).__doc__


def test_a_bundle_is_called_with_arrays(good: Path) -> None:
    net = load(good)
    outputs = net(tokens=TOKENS, mask=MASK)
    assert list(outputs) == ["embedding"]
    assert outputs["embedding"].shape == (1, 8)
    assert outputs["embedding"].dtype == np.float32
    np.testing.assert_array_equal(net(mask=MASK, tokens=[[1, 2, 3]])["embedding"], outputs["embedding"])


def test_a_model_says_what_it_is(good: Path) -> None:
    net = load(str(good))
    assert net.name == "tiny"
    assert net.inputs[0] == Tensor("tokens", "int64", ("batch", "sequence"))
    assert net.outputs == (Tensor("embedding", "float32", ("batch", 8)),)
    assert net.manifest.symbols["sequence"] == Symbol(1, 16)
    assert repr(net) == (
        "<tiny: tokens: int64[batch, sequence], mask: float32[batch, sequence]"
        " -> embedding: float32[batch, 8]>"
    )


def test_inputs_are_checked(good: Path) -> None:
    net = load(good)
    with pytest.raises(InputError, match="'sequence': 17"):
        net(tokens=np.zeros((1, 17), np.int64), mask=np.zeros((1, 17), np.float32))
    with pytest.raises(InputError, match="'self'"):
        net(self=TOKENS, tokens=TOKENS, mask=MASK)


def test_run_takes_a_table_and_checks_it_as_a_call_does(good: Path) -> None:
    net = load(good)
    inputs = {"tokens": TOKENS, "mask": MASK}
    assert np.array_equal(net.run(inputs)["embedding"], net(**inputs)["embedding"])
    with pytest.raises(InputError, match="missing 'mask'"):
        net.run({"tokens": TOKENS})


def test_other_graphs(several: Path) -> None:
    lookup = load(several).graph("lookup")
    assert lookup.name == "tiny"
    assert lookup(tokens=TOKENS)["vectors"].shape == (1, 3, 8)
    with pytest.raises(InputError, match="'decoder'"):
        lookup.graph("decoder")


def test_a_graph_is_opened_once(several: Path) -> None:
    net = load(several)
    assert net.graph("model") is net
    assert net.graph("lookup") is net.graph("lookup")


def test_a_graph_is_opened_once_by_many_threads(several: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net = load(several)

    class Slow(Model):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            time.sleep(0.1)
            super().__init__(*args, **kwargs)

    monkeypatch.setattr(model, "Model", Slow)
    with ThreadPoolExecutor(4) as pool:
        first, *rest = pool.map(net.graph, ["lookup"] * 4)
    assert all(other is first for other in rest)


def test_a_decoder_called_without_its_cache_begins_with_an_empty_one(decoder: Model) -> None:
    tokens = np.array([[1, 2, 3], [4, 5, 6]])
    empty = np.zeros((2, 1, 3, 4), np.float32)
    expected = decoder(tokens=tokens, past_length=[0], past_key_0=empty, past_value_0=empty)
    for outputs in (decoder(tokens=tokens), decoder(tokens=tokens.tolist())):
        assert outputs.keys() == expected.keys()
        for name, array in outputs.items():
            np.testing.assert_array_equal(array, expected[name], strict=True)


def test_many_threads_may_call(good: Path) -> None:
    net = load(good, threads=2)
    single = net(tokens=TOKENS, mask=MASK)["embedding"]
    with ThreadPoolExecutor(4) as pool:
        for outputs in pool.map(lambda _: net(tokens=TOKENS, mask=MASK), range(50)):
            np.testing.assert_array_equal(outputs["embedding"], single)


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ('"int64"', '"int32"', "inputs"),
        ('"name": "mask"', '"name": "attention_mask"', "inputs"),
        ('"embedding"', '"vector"', "outputs"),
    ],
)
def test_a_graph_unlike_its_contract(good: Path, old: str, new: str, kind: str) -> None:
    manifest = good / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace(old, new), "utf-8")
    with pytest.raises(BundleError, match=rf"model\.onnx: {kind} "):
        load(good)


def test_a_closed_model_says_so(conformance: Path) -> None:
    arrays = {"tokens": np.array([[1, 2]]), "mask": np.ones((1, 2), np.float32)}
    with load(conformance / "good.edge") as model:
        model(**arrays)
    for call in (
        lambda: model(**arrays),
        lambda: model.run_many([arrays]),
        model.check,
        lambda: model.session,
    ):
        with pytest.raises(BadInput, match=r"good\.edge: a closed model; load it again"):
            call()


def test_a_closed_model_closes_its_graphs(conformance: Path) -> None:
    model = load(conformance / "several.edge")
    other = model.graph(next(name for name in model.manifest.graphs if name != model.manifest.main_graph))
    model.close()
    with pytest.raises(BadInput, match="a closed model"):
        _ = other.session
    model.close()
