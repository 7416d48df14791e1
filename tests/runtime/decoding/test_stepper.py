from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from draws import drawn_seed
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgeattn_runtime import InputError, Model, generate
from edgeattn_runtime.bundle.generation import Generation
from edgeattn_runtime.decoding.stepper import Stepper
from edgeattn_runtime.engine.graph_session import GraphSession
from edgeattn_runtime.engine.session import open_session

POSITIONS, SIZE, WORDS = 16, 4, 16
PARTS = ("key", "value")
TOKENS = st.lists(st.integers(0, 15), min_size=1, max_size=POSITIONS)
CLOSE = 1e-6  # of the largest number, in float32


def _assert_close(answer: NDArray[np.float32], expected: NDArray[np.float32]) -> None:
    np.testing.assert_allclose(answer, expected, rtol=0, atol=CLOSE * np.abs(expected).max())


def _generation(model: Model) -> Generation:
    assert model.manifest.generation is not None
    return model.manifest.generation


def _stepper(model: Model, **options: int) -> Stepper:
    return Stepper(model.session, _generation(model), {}, **options)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> int:
    """The cache grows by 4 tokens, so that it grows at all in 16."""
    monkeypatch.setattr("edgeattn_runtime.engine.kv_cache.BLOCK", 4)
    return 4


@given(st.integers(1, 3), st.lists(st.integers(1, 4), min_size=1, max_size=4), st.data())
def test_chunks_are_the_full_sequence(
    decoder: Model, batch: int, chunks: list[int], data: st.DataObject
) -> None:
    row = st.lists(st.integers(0, 15), min_size=sum(chunks), max_size=sum(chunks))
    tokens = np.array(data.draw(st.lists(row, min_size=batch, max_size=batch)))
    step = _stepper(decoder, batch=batch, capacity=data.draw(st.integers(0, POSITIONS)))
    ends = np.cumsum(chunks)
    logits = [step(tokens[:, end - chunk : end]).copy() for chunk, end in zip(chunks, ends, strict=True)]
    assert [each.shape for each in logits] == [(batch, chunk, WORDS) for chunk in chunks]
    _assert_close(np.concatenate(logits, axis=1), decoder(tokens=tokens)["logits"])


@given(TOKENS, st.data())
def test_a_call_with_a_cache_is_the_full_sequence(
    decoder: Model, tokens: list[int], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(tokens) - 1))
    capacity = data.draw(st.integers(len(tokens), POSITIONS))
    cache: dict[str, NDArray[Any]] = {
        f"past_{part}_0": np.zeros((1, 1, capacity, SIZE), np.float32) for part in PARTS
    }
    if cut:
        prefill = decoder(tokens=[tokens[:cut]], past_length=[0], **cache)
        cache = {f"past_{part}_0": prefill[f"present_{part}_0"] for part in PARTS}
    step = decoder(tokens=[tokens[cut:]], past_length=[cut], **cache)
    whole = decoder(tokens=[tokens])
    _assert_close(step["logits"][0], whole["logits"][0, cut:])
    _assert_close(step["present_key_0"][:, :, : len(tokens)], whole["present_key_0"])


def test_the_inputs_of_a_call_are_copies_that_answer_alike(decoder: Model) -> None:
    step = _stepper(decoder, batch=2, capacity=5)
    for tokens in (np.array([[1, 2], [3, 4]]), np.array([[5, 6, 7], [8, 9, 10]])):
        inputs = step.inputs(tokens)
        copies = {name: array.copy() for name, array in inputs.items()}
        logits = step(tokens)
        assert list(inputs) == [tensor.name for tensor in decoder.inputs]
        for name, array in inputs.items():
            np.testing.assert_array_equal(array, copies[name], strict=True)
        np.testing.assert_array_equal(logits, decoder.session.run(inputs)["logits"])
    assert inputs["past_length"].tolist() == [2]
    assert inputs["past_key_0"].shape == (2, 1, 5, SIZE)


def test_a_graph_need_not_lie_on_disk(decoder: Model) -> None:
    model = decoder.files.path("model.onnx").read_bytes()
    session = open_session(model, providers=["CPUExecutionProvider"])
    step = Stepper(GraphSession(decoder.session.graph, session), _generation(decoder), {})
    np.testing.assert_array_equal(step(np.array([[1, 2]])), decoder(tokens=[[1, 2]])["logits"])
    with pytest.raises(InputError, match=r"^the graph: 'tokens' .*99"):
        step(np.array([[99]]))


def test_arrays_are_bound_once_a_block(
    decoder: Model, small_blocks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    bind, bound = GraphSession.bind, []

    def watched(self: GraphSession, inputs: Any, outputs: Any) -> Callable[[], None]:
        assert all(outputs[f"present_{part}_0"] is inputs[f"past_{part}_0"] for part in PARTS)
        bound.append((inputs["tokens"].shape[1], inputs["past_key_0"].shape[2]))
        return bind(self, inputs, outputs)

    monkeypatch.setattr(GraphSession, "bind", watched)
    assert len(list(generate(decoder, [1, 2, 3]))) == POSITIONS - 2
    assert bound == [(3, 4), (1, 4), (1, 8), (1, 12), (1, POSITIONS)]


ROWS = np.array([[1, 2, 3], [1, 2, 4], [5, 6, 7]])
NEXT = np.array([[8], [9], [10]])


def _logits_after(decoder: Model, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    logits: NDArray[np.float32] = decoder(tokens=rows)["logits"][:, -1:]
    return logits


@pytest.mark.parametrize("rows", [[0], [2, 0], [1, 1, 0, 2, 2]])
def test_rows_that_are_kept_go_on_as_they_were(decoder: Model, rows: list[int]) -> None:
    step = _stepper(decoder, batch=3)
    step(ROWS)
    step.keep(np.array(rows))
    tokens = np.arange(len(rows))[:, np.newaxis]
    _assert_close(step(tokens), _logits_after(decoder, np.hstack((ROWS[rows], tokens))))


@pytest.mark.parametrize(("rows", "shared"), [([0, 1, 2], 3), ([1, 0, 2], 2), ([2, 0, 1], 0), ([1, 1, 1], 0)])
def test_rows_change_places(decoder: Model, rows: list[int], shared: int) -> None:
    step = _stepper(decoder, batch=3)
    step(ROWS)
    step.reorder(np.array(rows), shared=shared)
    _assert_close(step(NEXT), _logits_after(decoder, np.hstack((ROWS[rows], NEXT))))


def test_only_what_differs_is_copied(decoder: Model) -> None:
    step = _stepper(decoder, batch=3)
    step(ROWS)
    before = step.inputs(NEXT)
    step.reorder(np.array([1, 0, 2]), shared=2)
    after = step.inputs(NEXT)
    for part in PARTS:
        old, new = (each[f"past_{part}_0"] for each in (before, after))
        np.testing.assert_array_equal(new[:, :, :2], old[:, :, :2])
        np.testing.assert_array_equal(new[:, :, 2], old[[1, 0, 2], :, 2])


@pytest.mark.parametrize("capacities", [(0, 0), (5, 16), (16, 5)])
def test_steppers_that_hold_as_much_join(decoder: Model, capacities: tuple[int, int]) -> None:
    one, other = (_stepper(decoder, batch=n, capacity=c) for n, c in zip((1, 2), capacities, strict=True))
    one(ROWS[:1])
    other(ROWS[1:])
    one.join(other)
    assert one.length == 3
    _assert_close(one(NEXT), _logits_after(decoder, np.hstack((ROWS, NEXT))))


def test_what_the_encoder_gave_moves_with_its_row(captioner: Model) -> None:
    features = np.random.default_rng(drawn_seed(0)).standard_normal((2, 3, 6)).astype(np.float32)
    carried = captioner.graph("encoder")(features=features, mask=np.ones((2, 3), bool))
    generation = _generation(captioner)

    def stepper(rows: list[int]) -> Stepper:
        arrays = {name: carried[name][rows] for name in generation.carried}
        return Stepper(captioner.session, generation, arrays, batch=len(rows))

    tokens = np.array([[3], [4], [5]])
    expected = stepper([1, 0, 1])(tokens).copy()
    reordered, joined = stepper([0, 1]), stepper([1])
    reordered.keep(np.array([1, 0, 1]))
    _assert_close(reordered(tokens), expected)
    joined.join(stepper([0, 1]))
    _assert_close(joined(tokens), expected)
