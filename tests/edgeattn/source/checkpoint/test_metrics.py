from __future__ import annotations

import pytest
import torch

from edgeattn.source.checkpoint.accuracy import IGNORED, accuracy, token_accuracy
from edgeattn.source.checkpoint.tasks.question_answering import exact_match
from edgeattn.source.checkpoint.tasks.sentence_embedding import rank_correlation
from edgeattn.source.checkpoint.tasks.sequence_classification import closeness
from edgeattn.source.checkpoint.tasks.token_classification import entity_f1


def test_accuracy_counts_rows() -> None:
    assert accuracy({"logits": torch.eye(3)}, torch.tensor([0, 1, 0])) == pytest.approx(2 / 3)


def test_closeness_is_the_error_turned_round() -> None:
    assert closeness({"logits": torch.tensor([[1.0], [4.0]])}, torch.tensor([2.0, 4.0])) == -0.5


def test_tokens_without_a_target_do_not_count() -> None:
    target = torch.tensor([[0, 2, IGNORED]])
    assert token_accuracy({"logits": torch.eye(3)[None]}, target) == 0.5


@pytest.mark.parametrize(
    ("predicted", "expected", "f1"),
    [
        ("O O", "O O", 1.0),
        ("B-PER I-PER O B-LOC", "B-PER I-PER O B-LOC", 1.0),
        ("B-PER O O B-LOC", "B-PER I-PER O B-LOC", 0.5),  # a part of a name is no name
        ("B-PER B-PER O", "B-PER I-PER O", 0.0),
        ("I-PER I-PER I-LOC", "B-PER I-PER B-LOC", 1.0),  # one may begin with I
        ("B-LOC O", "O O", 0.0),
        ("B-LOC O B-PER", "B-LOC O O", 2 / 3),
    ],
)
def test_entities_are_right_whole(predicted: str, expected: str, f1: float) -> None:
    assert entity_f1(predicted.split(), expected.split()) == pytest.approx(f1)


def test_answers_match_but_for_articles_and_signs() -> None:
    assert exact_match("The  Eiffel Tower.", "eiffel tower") == 1
    assert exact_match("Eiffel Towers", "eiffel tower") == 0
    assert exact_match("", "a tower") == 0


def test_ranks_of_similarities_are_correlated() -> None:
    first = torch.tensor([[1.0, 0.0]]).repeat(3, 1)
    second = torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    outputs = {"embedding": torch.cat((first, second))}
    assert rank_correlation(outputs, torch.tensor([5.0, 3.0, 1.0])) == pytest.approx(1)
    assert rank_correlation(outputs, torch.tensor([1.0, 3.0, 5.0])) == pytest.approx(-1)
