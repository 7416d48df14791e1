from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from types import GeneratorType
from typing import Any

import numpy as np
import pytest
from broken_manifest import Change, put
from draws import drawn_seed
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgeattn_runtime import (
    GenerationOptions,
    InputError,
    Model,
    generate,
    load,
)

Edited = Callable[[str, Change], Path]
TOKENS = st.lists(st.integers(0, 15), min_size=1, max_size=16)
SOURCE = [3, 1, 4, 1]


def _without_cache(model: Model, begin: list[int], carried: Mapping[str, NDArray[Any]]) -> Iterator[int]:
    """Compute everything anew for every token."""
    generation = model.manifest.generation
    assert generation is not None
    tokens = list(begin)
    while len(tokens) <= (generation.positions or 0):
        logits = model(**{generation.tokens: [tokens]}, **carried)[generation.logits]
        tokens.append(int(logits[0, -1].argmax()))
        yield tokens[-1]


@given(TOKENS)
def test_greedy_is_the_loop_without_a_cache(decoder: Model, prompt: list[int]) -> None:
    assert list(generate(decoder, prompt)) == list(_without_cache(decoder, prompt, {}))


@pytest.mark.parametrize("source", [SOURCE, [7], [9, 2, 6, 0]])
def test_an_encoder_decoder_is_the_loop_without_a_cache(encoder_decoder: Model, source: list[int]) -> None:
    """Up to where int8 scales, shared by the tokens of a call, may turn a close choice."""
    carried = encoder_decoder.graph("encoder")(source=[source])
    expected = next(_without_cache(encoder_decoder, [1, 2], carried))
    assert next(generate(encoder_decoder, source, start=[1, 2])) == expected


def test_tokens_come_one_by_one(decoder: Model, calls: list[list[int]]) -> None:
    tokens = generate(decoder, [1, 2, 3])
    assert isinstance(tokens, GeneratorType)
    assert calls == []
    first, second = islice(tokens, 2)
    assert isinstance(first, int)
    assert calls == [[1, 2, 3], [first]]
    assert next(tokens) is not None
    assert calls[2] == [second]


def test_any_graph_of_the_bundle_stands_for_it(encoder_decoder: Model) -> None:
    expected = list(generate(encoder_decoder, SOURCE, start=[0]))
    assert list(generate(encoder_decoder.graph("encoder"), SOURCE, start=[0])) == expected


def test_the_same_seed_draws_the_same_tokens(decoder: Model) -> None:
    def drawn(seed: int | None) -> list[int]:
        return list(generate(decoder, [1], temperature=2.0, top_k=8, top_p=0.95, seed=seed))

    assert drawn(1) == drawn(1)
    assert len({tuple(drawn(seed)) for seed in range(10)}) == 10
    assert len({tuple(drawn(None)) for _ in range(10)}) > 1


def test_a_stop_token_ends_it_and_is_not_yielded(decoder: Model) -> None:
    tokens = list(generate(decoder, [1, 2, 3]))
    stop = next(token for token in tokens if token != tokens[0])
    assert list(generate(decoder, [1, 2, 3], stop={stop})) == tokens[: tokens.index(stop)]
    assert list(generate(decoder, [1, 2, 3], stop=tokens)) == []


def test_a_stop_sequence_ends_it_and_is_not_yielded(decoder: Model) -> None:
    tokens = list(generate(decoder, [1, 2, 3]))
    begin = next(i for i in range(1, len(tokens) - 1) if tokens[i] != tokens[i + 1])
    stop = tokens[begin : begin + 2]
    first = next(i for i in range(len(tokens)) if tokens[i : i + 2] == stop)
    assert list(generate(decoder, [1, 2, 3], stop_sequences=[stop])) == tokens[:first]


def test_what_may_begin_a_stop_sequence_waits(decoder: Model, calls: list[list[int]]) -> None:
    tokens = list(generate(decoder, [1, 2, 3]))
    calls.clear()
    held_back = generate(decoder, [1, 2, 3], stop_sequences=[[tokens[0], 15, 15, 15]])
    assert next(held_back) == tokens[0]
    assert len(calls) > 1
    assert [tokens[0], *held_back] == tokens


def test_what_waited_comes_where_the_answer_ends(decoder: Model) -> None:
    first, second = islice(generate(decoder, [1, 2, 3]), 2)
    stop = [first, second, 15]
    assert list(generate(decoder, [1, 2, 3], stop_sequences=[stop], max_new_tokens=2)) == [first, second]


def test_tokens_that_were_there_are_penalized(decoder: Model) -> None:
    prompt = [1, 2, 3]
    plain = list(generate(decoder, prompt))
    varied = list(generate(decoder, prompt, repetition_penalty=100.0))
    assert len(set(varied)) > len(set(plain))
    assert len({*prompt, *varied[:8]}) == len(prompt) + 8  # logits above 0 are left, for none to return


@pytest.mark.parametrize(
    ("prompt", "max_new_tokens", "yielded"), [(1, 5, 5), (1, None, 16), (10, 99, 7), (16, None, 1)]
)
def test_it_ends_at_the_number_asked_for_or_the_last_position(
    decoder: Model, prompt: int, max_new_tokens: int | None, yielded: int
) -> None:
    assert len(list(generate(decoder, [1] * prompt, max_new_tokens=max_new_tokens))) == yielded


def test_the_memory_of_all_tokens_is_checked_first(
    decoder: Model, calls: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeattn_runtime.engine.kv_cache.BLOCK", 1)
    monkeypatch.setattr("edgeattn_runtime.engine.kv_cache.available_memory_mb", lambda: 3 * 14 * 4 * 4 / 1e6)
    generate(
        decoder, [1] * 10, max_new_tokens=5
    )  # 10 + 5 - 1 = 14 tokens of 2 x 4 floats, and 4 more to move
    with pytest.raises(InputError, match=r"\b15 tokens"):
        generate(decoder, [1] * 10, max_new_tokens=6)
    assert calls == []


@pytest.mark.parametrize(
    ("prompt", "settings", "pattern"),
    [
        ([], {}, "prompt: no token "),
        ([16], {}, "prompt: token 16"),
        ([1] * 17, {}, "prompt: 17 tokens"),
        ([1], {"start": [0]}, "start: "),
        ([1], {"stop": {16}}, "stop: token 16 "),
        ([1], {"stop": 2}, "stop: "),
        ([1], {"max_new_tokens": 0}, "max_new_tokens: 0"),
        ([1], {"seed": 0.5}, r"seed: 0\.5"),
    ],
)
def test_bad_calls_are_told_before_anything_runs(
    decoder: Model, calls: list[list[int]], prompt: list[int], settings: dict[str, Any], pattern: str
) -> None:
    with pytest.raises(InputError, match=f"^{pattern}") as caught:
        generate(decoder, prompt, **settings)
    assert "\n" not in str(caught.value)
    assert calls == []


@pytest.mark.parametrize(
    ("source", "start", "pattern"),
    [
        ([], [0], "prompt: no token "),
        ([-1], [0], "prompt: token -1 "),
        (SOURCE, [], "start: no token "),
        (SOURCE, [16], "start: token 16 "),
        (SOURCE, [0] * 13, "start: 13 tokens"),
    ],
)
def test_bad_calls_of_an_encoder_decoder(
    encoder_decoder: Model, calls: list[list[int]], source: list[int], start: list[int], pattern: str
) -> None:
    with pytest.raises(InputError, match=f"^{pattern}"):
        generate(encoder_decoder, source, start=start)
    assert calls == []


def _features(**changes: Any) -> dict[str, Any]:
    whole = {"features": np.ones((1, 2, 6), np.float32), "mask": np.array([[True, True]])}
    return {name: array for name, array in (whole | changes).items() if array is not None}


@pytest.mark.parametrize("frames", [1, 3])
def test_sources_by_name_are_the_loop_without_a_cache(captioner: Model, frames: int) -> None:
    random = np.random.default_rng(drawn_seed(frames))
    features = random.standard_normal((1, frames, 6)).astype(np.float32)
    sources = {"features": features, "mask": np.arange(frames)[np.newaxis] < 2}
    carried = captioner.graph("encoder")(**sources)
    expected = list(_without_cache(captioner, [3, 1], carried))
    assert list(generate(captioner, sources, start=[3, 1])) == expected


@pytest.mark.parametrize(
    ("prompt", "pattern"),
    [
        (SOURCE, r"prompt: list .*features: float32\[batch, frames, 6\]"),
        (np.ones((1, 2, 6), np.float32), "prompt: ndarray .*mask: bool"),
        (_features(mask=None), "inputs: .*'mask'"),
        (_features(words=[[1]]), "inputs: .*'words'"),
        (_features(mask=[[True]]), "mask: .* 1 .*axis 1, 2 "),
        (_features(features=np.ones((2, 2, 6), np.float32), mask=[[True] * 2] * 2), "prompt: 2 sequences"),
    ],
)
def test_bad_sources(captioner: Model, calls: list[list[int]], prompt: Any, pattern: str) -> None:
    with pytest.raises(InputError, match=f"^{pattern}") as caught:
        generate(captioner, prompt, start=[0])
    assert "\n" not in str(caught.value)
    assert calls == []


def test_a_decoder_alone_has_no_sources(decoder: Model, calls: list[list[int]]) -> None:
    with pytest.raises(InputError, match=r"^prompt: "):
        generate(decoder, {"tokens": [[1, 2]]})
    assert calls == []


def test_tokens_of_another_dtype(edited: Edited) -> None:
    """The graph is not opened: what it cannot hold is told before."""
    folder = edited("encoder-decoder", put("graphs", "encoder", "inputs", 0, "dtype", to="int32"))
    with pytest.raises(InputError, match=r"2147483648 .*int32"):
        generate(folder, [2**31], start=[0])


def test_a_source_beyond_the_encoders_words(encoder_decoder: Model) -> None:
    with pytest.raises(InputError, match=r"encoder\.onnx: 'source' .*99"):
        generate(encoder_decoder, [99], start=[0])


def _without_positions(manifest: Any) -> None:
    manifest["generation"]["positions"] = None
    for symbol in manifest["symbols"].values():
        symbol["max"] = None


def test_without_a_last_position_one_says_how_many(edited: Edited) -> None:
    unbounded = load(edited("decoder", _without_positions))
    assert len(list(generate(unbounded, [1], max_new_tokens=4))) == 4
    with pytest.raises(InputError, match=r"^max_new_tokens: None "):
        generate(unbounded, [1])
    with pytest.raises(InputError, match="1,000,000,000,000 tokens"):
        generate(unbounded, [1], max_new_tokens=10**12)


def test_options_by_name_go_before_a_record(conformance: Path) -> None:
    decoder = load(conformance / "decoder.edge")
    record = GenerationOptions(max_new_tokens=3, temperature=2.0, seed=3)
    assert list(generate(decoder, [1], record)) == list(
        generate(decoder, [1], max_new_tokens=3, temperature=2.0, seed=3)
    )
    assert list(generate(decoder, [1], record, temperature=0)) == list(
        generate(decoder, [1], max_new_tokens=3)
    )
    with pytest.raises(InputError, match=r"^num_beams: 2 .*generate_many"):
        generate(decoder, [1], GenerationOptions(num_beams=2))
