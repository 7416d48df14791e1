"""A cache that is kept in place: the decoder of decoder.edge, answering the same without copying its past."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgeattn_runtime import BundleError, InputError, Model, generate
from edgeattn_runtime.in_place import InPlace

POSITIONS, SIZE = 16, 4
PARTS = ("key", "value")
TOKENS = st.lists(st.integers(0, 15), min_size=1, max_size=POSITIONS)
CLOSE = 1e-6  # of the largest number, in float32


def _assert_close(found: NDArray[np.float32], expected: NDArray[np.float32]) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=CLOSE * np.abs(expected).max())


def _cache(capacity: int, batch: int = 1) -> dict[str, NDArray[np.float32]]:
    return {f"past_{part}_0": np.zeros((batch, 1, capacity, SIZE), np.float32) for part in PARTS}


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> int:
    """The cache grows by 4 tokens, so that it grows at all in 16."""
    monkeypatch.setattr("edgeattn_runtime.cache.BLOCK", 4)
    return 4


@given(TOKENS)
def test_it_writes_what_a_cache_that_grows_writes(in_place: Model, decoder: Model, prompt: list[int]) -> None:
    assert list(generate(in_place, prompt)) == list(generate(decoder, prompt))


@pytest.mark.parametrize("prompt", [[1], [3, 1, 4, 1], [2] * 5, [5] * 16])
@pytest.mark.usefixtures("small_blocks")
def test_it_moves_to_larger_arrays_on_the_way(in_place: Model, decoder: Model, prompt: list[int]) -> None:
    assert list(generate(in_place, prompt)) == list(generate(decoder, prompt))


def test_arrays_are_bound_once_a_block(
    in_place: Model, small_blocks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    bind, bound = Model.bind, []

    def watched(self: Model, inputs: Any, outputs: Any) -> Callable[[], None]:
        assert all(outputs[f"present_{part}_0"] is inputs[f"past_{part}_0"] for part in PARTS)
        bound.append((inputs["tokens"].shape[1], inputs["past_key_0"].shape[2]))
        return bind(self, inputs, outputs)

    monkeypatch.setattr(Model, "bind", watched)
    assert len(list(generate(in_place, [1, 2, 3]))) == POSITIONS - 2
    assert bound == [(3, 4), (1, 4), (1, 8), (1, 12), (1, POSITIONS)]


def test_texts_do_not_share_a_cache(in_place: Model) -> None:
    alone = [list(generate(in_place, [token])) for token in (1, 2)]
    together = zip(*(generate(in_place, [token]) for token in (1, 2)), strict=True)
    assert [list(text) for text in zip(*together, strict=True)] == alone


@given(TOKENS, st.data())
def test_a_step_with_a_cache_is_the_whole_pass(
    in_place: Model, tokens: list[int], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(tokens) - 1))
    whole = in_place(tokens=[tokens])
    cache: dict[str, NDArray[Any]] = _cache(data.draw(st.integers(len(tokens), POSITIONS)))
    if cut:
        begun = in_place(tokens=[tokens[:cut]], past_length=[0], **cache)
        cache = {f"past_{part}_0": begun[f"present_{part}_0"] for part in PARTS}
    step = in_place(tokens=[tokens[cut:]], past_length=[cut], **cache)
    _assert_close(step["logits"][0], whole["logits"][0, cut:])
    _assert_close(step["present_key_0"][:, :, : len(tokens)], whole["present_key_0"])


def test_called_without_its_cache_it_begins_with_an_empty_one(in_place: Model, decoder: Model) -> None:
    tokens = np.array([[1, 2, 3], [4, 5, 6]])
    outputs = in_place(tokens=tokens)
    _assert_close(outputs["logits"], decoder(tokens=tokens)["logits"])
    assert outputs["present_key_0"].shape == (2, 1, 3, SIZE)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (_cache(4), "inputs: missing 'past_length'; expected tokens, past_length, past_key_0"),
        ({"past_length": [0]}, "inputs: unknown 'past_length'; expected tokens"),
        (
            {**_cache(4), "past_length": [3]},
            "past_length: 3 tokens found before 2 new ones in a cache with room for 4; give a larger cache",
        ),
        ({**_cache(4), "past_length": [-1]}, "past_length: -1 tokens found before 2 new ones"),
        ({**_cache(17), "past_length": [0]}, "dim 'capacity': 17 found, 1 to 16 expected"),
        ({**_cache(4), "past_length": [0, 0]}, r"past_length: int64\[1\]: 2 found on axis 0, 1 expected"),
    ],
)
def test_a_cache_without_room_or_length_is_refused(
    in_place: Model, inputs: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        in_place(tokens=[[1, 2]], **inputs)


def test_a_graph_that_fails_says_so(in_place: Model) -> None:
    generation = in_place.manifest.generation
    assert generation is not None
    step = InPlace(in_place, generation, {})
    step(np.array([1, 2]))
    with pytest.raises(InputError, match=r"in-place\.edge.*: 'tokens' holds 99, 0 to 15 expected"):
        step(np.array([99]))


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_logits_that_are_no_numbers(in_place: Model, monkeypatch: pytest.MonkeyPatch, broken: float) -> None:
    bind = Model.bind

    def spoiled(self: Model, inputs: Any, outputs: Any) -> Callable[[], None]:
        call = bind(self, inputs, outputs)

        def run() -> None:
            call()
            outputs["logits"][0, -1, 3] = broken

        return run

    monkeypatch.setattr(Model, "bind", spoiled)
    with pytest.raises(BundleError, match=r"in-place\.edge: logits whose largest is (nan|inf) found"):
        next(generate(in_place, [1]))
