from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from broken_manifest import Change, put
from draws import drawn_seed
from hypothesis import given
from hypothesis import strategies as st

from edgeattn_runtime import (
    BundleError,
    Hypothesis,
    InputError,
    Model,
    generate,
    generate_many,
    load,
)
from edgeattn_runtime.decoding.prompt import Tokens
from edgeattn_runtime.decoding.stepper import Logits, Stepper

POSITIONS = 16
PROMPTS = st.lists(st.lists(st.integers(0, 15), min_size=1, max_size=POSITIONS), min_size=1, max_size=5)
UNEQUAL = [[1, 2, 3], [5], [4, 4, 4, 4, 4], [6], [7, 8, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4]]

ONES = [[token] for token in range(16)]


def best(answers: list[list[Hypothesis]]) -> list[list[int]]:
    return [list(row[0].tokens) for row in answers]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The shape of every step's tokens, as they are made."""
    shapes: list[tuple[int, ...]] = []
    step = Stepper.__call__

    def watched(self: Stepper, tokens: Tokens) -> Logits:
        shapes.append(tokens.shape)
        return step(self, tokens)

    monkeypatch.setattr(Stepper, "__call__", watched)
    return shapes


@given(PROMPTS)
def test_greedy_rows_are_what_generate_yields(decoder: Model, prompts: list[list[int]]) -> None:
    expected = [list(generate(decoder, prompt)) for prompt in prompts]
    assert best(generate_many(decoder, prompts)) == expected


@given(PROMPTS, st.sampled_from([2, 3, 8]), st.sets(st.integers(0, 15), max_size=3))
def test_beams_of_a_row_are_those_that_it_has_alone(
    decoder: Model, prompts: list[list[int]], num_beams: int, stop: set[int]
) -> None:
    settings: dict[str, Any] = {"num_beams": num_beams, "num_return_sequences": num_beams, "stop": stop}
    batch = generate_many(decoder, prompts, **settings)
    for prompt, row in zip(prompts, batch, strict=True):
        (single,) = generate_many(decoder, [prompt], **settings)
        assert [each.tokens for each in row] == [each.tokens for each in single]
        assert [each.score for each in row] == pytest.approx([each.score for each in single], abs=1e-5)


def test_prompts_join_where_the_others_are_as_long(decoder: Model, calls: list[tuple[int, ...]]) -> None:
    generate_many(decoder, UNEQUAL[:4], max_new_tokens=6)
    # The two of one token begin; those of 3 and 5 are taken in by themselves, and step with them.
    assert [shape for shape in calls if shape[1] > 1] == [(1, 3), (1, 5)]
    assert [rows for rows, new in calls if new == 1] == [2, 2, 2, 3, 3, 4, 2, 2, 1, 1]


def test_a_prompt_is_run_once_for_all_its_beams(decoder: Model, calls: list[tuple[int, ...]]) -> None:
    generate_many(decoder, [[1, 2, 3], [4, 5, 6]], num_beams=4, max_new_tokens=3)
    assert calls == [(2, 3), (8, 1), (8, 1)]


@pytest.mark.parametrize("num_beams", [1, 4])
def test_a_cache_that_grows_changes_no_answer(
    decoder: Model, monkeypatch: pytest.MonkeyPatch, num_beams: int
) -> None:
    expected = best(generate_many(decoder, UNEQUAL, num_beams=num_beams))
    monkeypatch.setattr("edgeattn_runtime.engine.kv_cache.BLOCK", 2)
    assert best(generate_many(decoder, UNEQUAL, num_beams=num_beams)) == expected


def test_a_row_draws_as_alone(decoder: Model) -> None:
    drawn = generate_many(decoder, UNEQUAL, temperature=2.0, top_k=8, seed=5)
    expected = [
        list(generate(decoder, prompt, temperature=2.0, top_k=8, seed=seed))
        for prompt, seed in zip(UNEQUAL, count(5), strict=False)
    ]
    assert best(drawn) == expected


def test_a_score_is_the_mean_log_probability(decoder: Model) -> None:
    ((hypothesis,),) = generate_many(decoder, [[1, 2, 3]], max_new_tokens=4)
    logits = decoder(tokens=[[1, 2, 3, *hypothesis.tokens[:-1]]])["logits"][0, 2:].astype(np.float64)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    expected = np.log(probabilities[range(4), hypothesis.tokens]).mean()
    assert hypothesis.score == pytest.approx(expected, abs=1e-5)


def test_an_encoder_decoder_takes_sources_of_any_sizes(encoder_decoder: Model) -> None:
    """int8 scales the rows of a call together, so that only the first token is sure to be the same."""
    sources = [[3, 1, 4, 1], [7], [9, 2, 6, 0], [1]]
    expected = [list(generate(encoder_decoder, source, start=[1, 2]))[:1] for source in sources]
    batch = generate_many(encoder_decoder, sources, start=[1, 2])
    assert [tokens[:1] for tokens in best(batch)] == expected


@pytest.mark.parametrize("num_beams", [1, 3])
def test_sources_in_one_batch_are_the_sources_one_by_one(captioner: Model, num_beams: int) -> None:
    random = np.random.default_rng(drawn_seed(0))
    features = random.standard_normal((3, 4, 6)).astype(np.float32)
    sources = {"features": features, "mask": np.arange(4) < np.array([[4], [2], [3]])}
    rows = [{name: array[[i]] for name, array in sources.items()} for i in range(3)]
    batch = generate_many(captioner, sources, start=[3], num_beams=num_beams)
    assert best(batch) == best(generate_many(captioner, rows, start=[3], num_beams=num_beams))
    single = [generate_many(captioner, [row], start=[3], num_beams=num_beams)[0] for row in rows]
    assert best(batch) == best(single)


def test_the_memory_of_all_rows_is_checked_first(
    decoder: Model, calls: list[tuple[int, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeattn_runtime.engine.kv_cache.BLOCK", 1)
    needed = 3 * 2 * 4 * 14 * 4 * 4  # keys, values and one to move; prompts; beams; tokens; floats; bytes
    monkeypatch.setattr("edgeattn_runtime.engine.kv_cache.available_memory_mb", lambda: needed / 1e6)
    prompts = [[1] * 10, [1]]
    generate_many(decoder, prompts, num_beams=4, max_new_tokens=5)
    calls.clear()
    with pytest.raises(InputError, match=r"14 tokens .*10 rows"):
        generate_many(decoder, prompts, num_beams=5, max_new_tokens=5)
    assert calls == []


def test_calls_have_no_more_rows_than_the_contract_allows(
    decoder: Model, edited: Callable[[str, Change], Path], calls: list[tuple[int, ...]]
) -> None:
    two_rows = load(edited("decoder", put("symbols", "batch", "max", to=2)))
    assert best(generate_many(two_rows, UNEQUAL)) == best(generate_many(decoder, UNEQUAL))
    calls.clear()
    generate_many(two_rows, UNEQUAL, num_beams=2)
    assert max(rows for rows, _ in calls) == 2
    with pytest.raises(InputError, match=r"^num_beams: 3 .*2 "):
        generate_many(two_rows, UNEQUAL, num_beams=3)


@pytest.mark.parametrize(
    ("prompts", "settings", "pattern"),
    [
        ([], {}, "prompts: none "),
        (5, {}, "prompts: int "),
        ([5, 2], {}, r"prompts\[0\]: "),
        ([[1], []], {}, r"prompts\[1\]: no token "),
        ([[1], [16]], {}, r"prompts\[1\]: token 16 "),
        ([[1], [1] * 17], {}, r"prompts\[1\]: 17 tokens .*16 "),
        ({"tokens": [[1, 2]]}, {}, "prompts: "),
        ([[1]], {"num_beams": 9}, "num_beams: 9"),
        ([[1]], {"num_beams": 2, "temperature": 0.5}, r"temperature: 0\.5 .*2 beams"),
        ([[1]], {"num_return_sequences": 2}, "num_return_sequences: 2"),
        ([[1]], {"start": [1]}, "start: "),
    ],
)
def test_bad_calls_are_told_before_anything_runs(
    decoder: Model, calls: list[tuple[int, ...]], prompts: Any, settings: dict[str, Any], pattern: str
) -> None:
    with pytest.raises(InputError, match=f"^{pattern}") as caught:
        generate_many(decoder, prompts, **settings)
    assert "\n" not in str(caught.value)
    assert calls == []


def test_a_source_is_one_sequence_in_a_list(captioner: Model) -> None:
    several = {"features": np.ones((2, 2, 6), np.float32), "mask": [[True] * 2] * 2}
    with pytest.raises(InputError, match=r"^prompts\[0\]: 2 sequences "):
        generate_many(captioner, [several], start=[0])


def test_logits_that_are_no_numbers(decoder: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Stepper, tokens: Tokens) -> Logits:
        return np.array([[[0.0] * 16], [[np.nan] * 16]], np.float32)

    monkeypatch.setattr(Stepper, "__call__", broken)
    with pytest.raises(BundleError, match=r"decoder\.edge: .* nan "):
        generate_many(decoder, [[1], [2]])
