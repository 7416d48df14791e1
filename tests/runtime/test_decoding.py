from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import GeneratorType
from typing import Any

import numpy as np
import onnx_ir as ir
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgeattn_runtime import BadInput, BundleError, InputError, Model, generate, load

POSITIONS = 16
TOKENS = st.lists(st.integers(0, 15), min_size=1, max_size=POSITIONS)
SOURCE = [3, 1, 4, 1]
CLOSE = 1e-6  # of the largest number, in float32


def _without_cache(decoder: Model, begin: list[int], memory: dict[str, NDArray[Any]]) -> Iterator[int]:
    """Compute everything anew for every token."""
    tokens = list(begin)
    while len(tokens) <= POSITIONS:
        logits = decoder(tokens=[tokens], **memory)["logits"]
        tokens.append(int(logits[0, -1].argmax()))
        yield tokens[-1]


def _assert_close(found: NDArray[np.float32], expected: NDArray[np.float32]) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=CLOSE * np.abs(expected).max())


@given(TOKENS)
def test_greedy_is_the_loop_without_a_cache(decoder: Model, prompt: list[int]) -> None:
    assert list(generate(decoder, prompt)) == list(_without_cache(decoder, prompt, {}))


@given(st.lists(st.integers(0, 15), min_size=1, max_size=20), TOKENS)
def test_an_encoder_decoder_is_the_loop_without_a_cache(
    encoder_decoder: Model, source: list[int], start: list[int]
) -> None:
    memory = encoder_decoder.graph("encoder")(source=[source])
    expected = list(_without_cache(encoder_decoder, start, memory))
    assert list(generate(encoder_decoder, source, start=start)) == expected


@given(TOKENS, st.data())
def test_a_step_with_a_cache_is_the_whole_pass(
    decoder: Model, tokens: list[int], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(tokens) - 1))
    whole = decoder(tokens=[tokens])
    cache = {}
    if cut:
        begun = decoder(tokens=[tokens[:cut]])
        cache = {f"past_{part}_0": begun[f"present_{part}_0"] for part in ("key", "value")}
    step = decoder(tokens=[tokens[cut:]], **cache)
    _assert_close(step["logits"][0], whole["logits"][0, cut:])
    _assert_close(step["present_key_0"], whole["present_key_0"])


def test_the_source_matters(encoder_decoder: Model) -> None:
    answers = {tuple(generate(encoder_decoder, [source], start=[0])) for source in range(16)}
    assert len(answers) > 8


def test_tokens_come_one_by_one(decoder: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    run = Model.run

    def watched(self: Model, arrays: Any) -> Any:
        calls.append(arrays)
        return run(self, arrays)

    monkeypatch.setattr(Model, "run", watched)
    tokens = generate(decoder, [1, 2, 3])
    assert isinstance(tokens, GeneratorType)
    assert calls == []
    first, second = islice(tokens, 2)
    assert isinstance(first, int)
    assert [call["tokens"].tolist() for call in calls] == [[[1, 2, 3]], [[first]]]
    assert [call["past_key_0"].shape[2] for call in calls] == [0, 3]
    assert next(tokens) is not None
    assert calls[2]["tokens"].tolist() == [[second]]


def test_a_path_is_as_good_as_a_model(decoder: Model, conformance: Path) -> None:
    for path in (conformance / "decoder.edge", str(conformance / "decoder.edge")):
        assert list(generate(path, [1, 2, 3])) == list(generate(decoder, [1, 2, 3]))


def test_any_graph_of_the_bundle_stands_for_it(encoder_decoder: Model) -> None:
    expected = list(generate(encoder_decoder, SOURCE, start=[0]))
    assert list(generate(encoder_decoder.graph("encoder"), SOURCE, start=[0])) == expected


def test_the_same_seed_draws_the_same_tokens(decoder: Model) -> None:
    def drawn(seed: int | None) -> list[int]:
        return list(generate(decoder, [1], temperature=2.0, top_k=8, top_p=0.95, seed=seed))

    assert drawn(1) == drawn(1)
    assert len({tuple(drawn(seed)) for seed in range(10)}) == 10
    assert len({tuple(drawn(None)) for _ in range(10)}) > 1


def test_top_k_of_one_is_greedy(decoder: Model) -> None:
    greedy = list(generate(decoder, [1, 2, 3]))
    assert list(generate(decoder, [1, 2, 3], temperature=5.0, top_k=1)) == greedy
    assert list(generate(decoder, [1, 2, 3], temperature=5.0, top_p=1e-9)) == greedy


def test_a_stop_token_ends_it_and_is_not_yielded(decoder: Model) -> None:
    tokens = list(generate(decoder, [1, 2, 3]))
    stop = next(token for token in tokens if token != tokens[0])
    assert list(generate(decoder, [1, 2, 3], stop={stop})) == tokens[: tokens.index(stop)]
    assert list(generate(decoder, [1, 2, 3], stop=tokens)) == []


@pytest.mark.parametrize(
    ("prompt", "asked", "yielded"), [(1, 5, 5), (1, None, 16), (10, 99, 7), (16, None, 1)]
)
def test_it_ends_at_the_number_asked_for_or_the_last_position(
    decoder: Model, prompt: int, asked: int | None, yielded: int
) -> None:
    assert len(list(generate(decoder, [1] * prompt, max_new_tokens=asked))) == yielded


def test_the_memory_of_all_tokens_is_checked_first(decoder: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Model, "run", lambda self, arrays: pytest.fail("it ran"))
    monkeypatch.setattr("edgeattn_runtime.cache.available_memory_mb", lambda: 2 * 14 * 2 * 4 * 4 / 1e6)
    generate(decoder, [1] * 10, max_new_tokens=5)  # 10 + 5 - 1 = 14 tokens of 2 x 4 floats, twice
    with pytest.raises(InputError, match=r"^a cache of 15 tokens: "):
        generate(decoder, [1] * 10, max_new_tokens=6)


@pytest.mark.parametrize(
    ("prompt", "settings", "message"),
    [
        ([], {}, "prompt: no token found"),
        ([16], {}, "prompt: token 16 found, 0 to 15 expected"),
        ([1] * 17, {}, "prompt: 17 tokens found, at most 16 expected: the model's positions; shorten it"),
        ([1], {"start": [0]}, "start: tokens found, none expected"),
        ([1], {"stop": {16}}, "stop: token 16 found"),
        ([1], {"stop": 2}, "stop: token ids expected"),
        ([1], {"max_new_tokens": 0}, "max_new_tokens: 0 found, at least 1 expected"),
        ([1], {"temperature": -1.0}, "temperature: "),
        ([1], {"top_k": 0}, "top_k: "),
        ([1], {"top_p": 0.0}, "top_p: "),
        ([1], {"seed": -1}, "seed: -1 found, at least 0 expected"),
        ([1], {"seed": 0.5}, r"seed: 0\.5 found, an integer expected"),
    ],
)
def test_bad_calls_are_told_before_anything_runs(
    decoder: Model, monkeypatch: pytest.MonkeyPatch, prompt: list[int], settings: dict[str, Any], message: str
) -> None:
    monkeypatch.setattr(Model, "run", lambda self, arrays: pytest.fail("it ran"))
    with pytest.raises(InputError, match=f"^{message}") as caught:
        generate(decoder, prompt, **settings)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "start", "message"),
    [
        ([], [0], "prompt: no token found"),
        ([-1], [0], "prompt: token -1 found"),
        (SOURCE, [], "start: no token found"),
        (SOURCE, [16], "start: token 16 found"),
        (SOURCE, [0] * 17, "start: 17 tokens found, at most 16 expected"),
    ],
)
def test_bad_calls_of_an_encoder_decoder(
    encoder_decoder: Model,
    monkeypatch: pytest.MonkeyPatch,
    source: list[int],
    start: list[int],
    message: str,
) -> None:
    monkeypatch.setattr(Model, "run", lambda self, arrays: pytest.fail("it ran"))
    with pytest.raises(InputError, match=f"^{message}"):
        generate(encoder_decoder, source, start=start)


def test_a_source_beyond_the_encoders_words(encoder_decoder: Model) -> None:
    with pytest.raises(InputError, match=r"encoder\.onnx: 'source' holds 99, 0 to 15 expected"):
        generate(encoder_decoder, [99], start=[0])


def test_a_bundle_that_does_not_generate(good: Path) -> None:
    with pytest.raises(BadInput, match=r"good\.edge: no 'generation' in its manifest"):
        generate(good, [1])


@pytest.fixture
def unbounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, conformance: Path) -> Model:
    """The decoder with a manifest that names no last position."""
    folder = shutil.copytree(conformance / "decoder.edge", tmp_path / "unbounded.edge")
    path = folder / "manifest.json"
    text = path.read_text("utf-8").replace('"positions": 16', '"positions": null')
    path.write_text(text.replace('"max": 16', '"max": null').replace('"max": 15', '"max": null'), "utf-8")
    return load(folder)


def test_without_a_last_position_one_says_how_many(unbounded: Model) -> None:
    assert len(list(generate(unbounded, [1], max_new_tokens=4))) == 4
    with pytest.raises(InputError, match=r"^max_new_tokens: None found, a number expected"):
        generate(unbounded, [1])
    with pytest.raises(InputError, match=r"^a cache of 1,000,000,000,000 tokens: .* MB needed"):
        generate(unbounded, [1], max_new_tokens=10**12)


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_logits_that_are_no_numbers(decoder: Model, monkeypatch: pytest.MonkeyPatch, broken: float) -> None:
    run = Model.run

    def spoiled(self: Model, arrays: Any) -> Any:
        outputs = run(self, arrays)
        return {**outputs, "logits": outputs["logits"] + np.float32(broken)}

    monkeypatch.setattr(Model, "run", spoiled)
    with pytest.raises(BundleError, match=rf"decoder\.edge: logits whose largest is {broken} found"):
        next(generate(decoder, [1]))


def test_the_decoder_is_one_standard_attention(conformance: Path) -> None:
    operators = [node.op_type for node in ir.load(conformance / "decoder.edge" / "model.onnx").graph]
    assert operators.count("Attention") == 1
    assert "Softmax" not in operators
