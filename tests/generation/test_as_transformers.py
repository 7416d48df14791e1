"""Batches, beams, penalties and stops: the tokens and scores that transformers gives, of the same weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from transformers import StoppingCriteria
from transformers_models import END, MODELS, PAD, POSITIONS, START

from edgeattn_runtime import Hypothesis, generate_many

NEW = 14
SCORE = 1e-4  # of scores, which transformers sums in float32
PROMPTS = [[5, 9, 4], [30, 7], [11, 12, 13, 14, 15, 16, 17], [30, 8], [44]]

Both = Any


def padded(rows: Sequence[Sequence[int]], *, left: bool) -> dict[str, torch.Tensor]:
    """Return token ids as transformers takes a batch of them."""
    longest = max(map(len, rows))
    ids, mask = torch.full((len(rows), longest), PAD), torch.zeros(len(rows), longest, dtype=torch.long)
    for i, row in enumerate(rows):
        place = slice(longest - len(row), longest) if left else slice(0, len(row))
        ids[i, place], mask[i, place] = torch.tensor(row), 1
    return {"input_ids": ids, "attention_mask": mask}


def theirs(both: Both, rows: Sequence[Sequence[int]], **settings: Any) -> list[list[Hypothesis]]:
    """Return what transformers answers to a batch, without what ended it."""
    is_pair = both.original.config.is_encoder_decoder
    inputs = padded(rows, left=not is_pair)
    answer = both.original.generate(
        **inputs,
        max_new_tokens=NEW,
        do_sample=False,
        return_dict_in_generate=True,
        output_scores=True,
        **settings,
    )
    begun = 1 if is_pair else inputs["input_ids"].shape[1]
    several = settings.get("num_return_sequences", 1)
    scores = answer.sequences_scores if "sequences_scores" in answer else torch.zeros(len(answer.sequences))
    found = [
        Hypothesis(_cut(sequence[begun:].tolist()), float(score))
        for sequence, score in zip(answer.sequences, scores, strict=True)
    ]
    return [found[i : i + several] for i in range(0, len(found), several)]


def _cut(tokens: list[int]) -> tuple[int, ...]:
    return tuple(tokens[: tokens.index(END)] if END in tokens else tokens)


def ours(both: Both, rows: Sequence[Sequence[int]], **settings: Any) -> list[list[Hypothesis]]:
    """Return what the runtime answers to the same."""
    if both.bundle.manifest.generation.encoder is None:
        return generate_many(both.bundle, rows, max_new_tokens=NEW, stop=[END], **settings)
    batch = padded(rows, left=False)
    sources = {"source": batch["input_ids"].numpy(), "mask": batch["attention_mask"].numpy()}
    return generate_many(both.bundle, sources, start=[START], max_new_tokens=NEW, stop=[END], **settings)


def tokens(answers: list[list[Hypothesis]]) -> list[list[tuple[int, ...]]]:
    return [[each.tokens for each in row] for row in answers]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("repetition_penalty", [1.0, 1.2, 2.0])
def test_a_batch_is_continued_greedily(
    both: Callable[[str], Both], name: str, repetition_penalty: float
) -> None:
    settings = {"repetition_penalty": repetition_penalty}
    assert tokens(ours(both(name), PROMPTS, **settings)) == tokens(theirs(both(name), PROMPTS, **settings))


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("num_beams", [2, 4, 8])
@pytest.mark.parametrize("early_stopping", [False, True, "never"])
@pytest.mark.parametrize("length_penalty", [-1.0, 0.0, 1.0, 2.0])
def test_beams_find_the_same(
    both: Callable[[str], Both], name: str, num_beams: int, early_stopping: Any, length_penalty: float
) -> None:
    settings = {
        "num_beams": num_beams,
        "num_return_sequences": num_beams,
        "early_stopping": early_stopping,
        "length_penalty": length_penalty,
    }
    expected, found = (each(both(name), PROMPTS, **settings) for each in (theirs, ours))
    assert tokens(found) == tokens(expected)
    for row, other in zip(found, expected, strict=True):
        assert [each.score for each in row] == pytest.approx(
            [each.score for each in other], rel=SCORE, abs=SCORE
        )


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("repetition_penalty", [1.2, 2.0])
def test_beams_under_a_penalty(both: Callable[[str], Both], name: str, repetition_penalty: float) -> None:
    settings = {"num_beams": 4, "repetition_penalty": repetition_penalty}
    if not both(name).original.config.is_encoder_decoder:
        # transformers counts the padding of a batch among the tokens that were there before.
        for prompt in PROMPTS:
            assert tokens(ours(both(name), [prompt], **settings)) == tokens(
                theirs(both(name), [prompt], **settings)
            )
        return
    assert tokens(ours(both(name), PROMPTS, **settings)) == tokens(theirs(both(name), PROMPTS, **settings))


class _Ends(StoppingCriteria):
    """Ends a sequence that has some tokens at its end."""

    def __init__(self, tokens: Sequence[int]) -> None:
        self._tokens = torch.tensor(tokens)

    def __call__(self, input_ids: torch.Tensor, scores: object, **_: object) -> torch.Tensor:
        return (input_ids[:, -len(self._tokens) :] == self._tokens).all(dim=1)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("num_beams", [1, 4])
def test_sequences_that_stop(both: Callable[[str], Both], name: str, num_beams: int) -> None:
    """Those that stop the first answer in its middle, and what has the same beginning."""
    written = ours(both(name), PROMPTS, num_beams=num_beams)
    for row, (best,) in enumerate(written):
        if len(best.tokens) < 4:
            continue
        stop = best.tokens[2:4]
        settings = {"num_beams": num_beams}
        (expected,) = theirs(both(name), [PROMPTS[row]], stopping_criteria=[_Ends(stop)], **settings)
        (found,) = ours(both(name), [PROMPTS[row]], stop_sequences=[stop], **settings)
        whole = expected[0].tokens
        ended = len(whole) - len(stop) if whole[-len(stop) :] == stop else len(whole)
        assert found[0].tokens == whole[:ended]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("num_beams", [1, 3])
def test_a_row_of_a_batch_is_answered_as_alone(
    both: Callable[[str], Both], name: str, num_beams: int
) -> None:
    settings = {"num_beams": num_beams, "num_return_sequences": num_beams}
    together = ours(both(name), PROMPTS, **settings)
    alone = [ours(both(name), [prompt], **settings)[0] for prompt in PROMPTS]
    assert tokens(together) == tokens(alone)


def test_a_text_is_as_long_as_the_model_has_positions(both: Callable[[str], Both]) -> None:
    assert both("gpt2").bundle.manifest.generation.positions == POSITIONS
