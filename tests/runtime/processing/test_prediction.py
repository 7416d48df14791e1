"""What outputs mean: classes, transcripts and objects; the conformance cases hold their numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeattn_runtime import InputError, Prediction, load
from edgeattn_runtime.processing.answer_span import AnswerSpan
from edgeattn_runtime.processing.classes import Classes
from edgeattn_runtime.processing.encoding import Encoded
from edgeattn_runtime.processing.labels import Labels
from edgeattn_runtime.processing.objects import Objects
from edgeattn_runtime.processing.prediction import Given
from edgeattn_runtime.processing.transcript import Transcript

LABELS = Labels(output="logits", names=("cat", "dog", "none"))


def test_probabilities_are_shares_of_one() -> None:
    rows = Classes(scores="softmax").read(LABELS, {"logits": np.array([[0, 3, 1]], np.float32)}, Given())
    assert [each.label for each in rows[0]] == ["dog", "none", "cat"]
    assert sum(each.score or 0 for each in rows[0]) == pytest.approx(1)
    large = Classes(scores="softmax").read(LABELS, {"logits": np.full((1, 3), 9000, np.float32)}, Given())
    assert [each.score for each in large[0]] == pytest.approx([1 / 3] * 3)


@pytest.mark.parametrize("scores", ["softmax", "sigmoid"])
def test_an_infinite_number_has_no_score(scores: str) -> None:
    infinite: dict[str, object] = {"logits": np.array([[0, np.inf, 1]], np.float32)}
    with pytest.raises(InputError, match="logits: an infinite number"):
        Classes(scores=scores).read(LABELS, infinite, Given())
    assert Classes(scores="none").read(LABELS, infinite, Given())[0][0].score == np.inf


def _answer(reader: AnswerSpan, starts: list[float], ends: list[float], pair: Encoded) -> list[Prediction]:
    outputs: dict[str, object] = {
        name: np.array([row], np.float32) for name, row in (("begins", starts), ("ends", ends))
    }
    (row,) = reader.read(None, outputs, Given(pairs=[pair]))
    return row


def test_an_answer_is_a_part_of_its_context() -> None:
    reader = AnswerSpan(start="begins", end="ends", longest=2)
    places: list[tuple[int | None, tuple[int, int]]] = [
        (None, (0, 0)),
        (0, (0, 2)),
        (None, (0, 0)),
        *((1, (0, 1)), (1, (2, 5)), (1, (0, 0)), (1, (6, 8))),
    ]
    pair = Encoded([1, 2, 3, 4, 5, 6, 7], [0] * 7, is_cut=False, texts=("wo", "ü öbe da"), places=places)
    (found,) = _answer(reader, [0, 9, 9, 0, 1, 0, 0], [0, 9, 9, 0, 0, 2, 3], pair)
    assert (found.text, found.span) == ("öbe", (2, 5))  # the blank ends it; "öbe da" has a token too many
    assert found.score == pytest.approx(np.e**3 / (4 + np.e) / (3 + np.e**2 + np.e**3))
    assert _answer(reader, [0, 0, 0, 0, 0, 9, 0], [0, 0, 0, 0, 0, 9, 0], pair) == []
    for ends in ([np.nan] * 7, [0] * 5 + [np.inf] * 2, [0] * 8, [0] * 6):
        with pytest.raises(InputError, match=r"begins|ends"):
            _answer(reader, [0.0] * 7, ends, pair)


def test_a_size_is_of_pixels(conformance: Path) -> None:
    outputs = {"logits": np.zeros((1, 1, 5), np.float32), "boxes": np.zeros((1, 1, 4), np.float32)}
    with load(conformance / "objects.edge") as model:
        assert model.predictions(outputs, size=(3, 4)) == [[]]
        for size in ((0, 4), (3, 4.5), [(3, 4), None], 3):
            with pytest.raises(InputError, match="a width and a height in pixels expected"):
                model.predictions(outputs, size=size)


def test_outputs_that_mean_nothing_are_read_themselves(conformance: Path) -> None:
    with load(conformance / "processed.edge") as model, pytest.raises(InputError, match="predicts nothing"):
        model.predictions({"embedding": np.zeros((1, 8), np.float32)})


Command = Callable[..., Any]


def test_a_command_prints_what_a_person_reads(conformance: Path, tmp_path: Path, command: Command) -> None:
    np.savez(tmp_path / "classes.npz", given_logits=np.array([[0, 2, 1, -1, 0]], np.float32))
    result = command("run", conformance / "classes-softmax.edge", "--input", tmp_path / "classes.npz")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[:2] == ["dog        0.5923", "rare bird  0.2179"]
    letters = np.eye(7, dtype=np.float32)[[[3, 3, 2, 5], [0, 4, 0, 4]]]
    np.savez(tmp_path / "letters.npz", given_logits=letters)
    result = command("run", conformance / "ctc.edge", "--input", tmp_path / "letters.npz")
    assert result.stdout == "a ß\nbb\n"
    raw = command("run", conformance / "ctc.edge", "--raw", "--input", tmp_path / "letters.npz")
    assert raw.stdout == "logits: float32[2, 4, 7] 0 0 0 1 0 0 ...\n"
    np.savez(
        tmp_path / "objects.npz",
        given_logits=np.array([[[0, 9, 0, 0, 0], [0, 0, 0, 0, 9]], [[0, 0, 0, 0, 9]] * 2], np.float32),
        given_boxes=np.full((2, 2, 4), 0.5, np.float32),
    )
    result = command("run", conformance / "objects.edge", "--input", tmp_path / "objects.npz")
    assert result.stdout == "dog  0.9995  0.2500 0.2500 0.7500 0.7500\n\nnothing found\n"


def test_a_command_prints_the_answer_to_a_question(conformance: Path, command: Command) -> None:
    pair = ("--text", "Who?", "--pair", "Émilie wrote it.")
    bundle = conformance / "span-wordpiece.edge"
    with load(bundle) as model:
        ((answer,),) = model.predictions(
            model(**model.prepare(text=pair[1], pair=pair[3])), text=pair[1], pair=pair[3]
        )
    assert answer.text is not None and answer.span is not None  # noqa: PT018
    result = command("run", bundle, *pair)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"{answer.text}  {answer.score:.4f}  {answer.span[0]} {answer.span[1]}\n"
    assert pair[3][slice(*answer.span)] == answer.text


def test_an_answer_needs_the_pair_of_each_row(conformance: Path) -> None:
    question, context = "Who?", "Émilie wrote it."
    with load(conformance / "span-wordpiece.edge") as model:
        outputs = model(**model.prepare(text=question, pair=context))
        with pytest.raises(InputError, match=": no pairs found for "):
            model.predictions(outputs)
        with pytest.raises(InputError, match=": 2 pairs found for "):
            model.predictions(outputs, text=[question] * 2, pair=[context] * 2)


def test_boxes_of_images_in_a_border_need_their_size(
    conformance: Path, tmp_path: Path, command: Command
) -> None:
    arrays = {
        "given_logits": np.array([[[0, 1, 0, 0, 0]]], np.float32),
        "given_boxes": np.full((1, 1, 4), 0.5, np.float32),
    }
    pixels = np.zeros((1, 3, 8, 12), np.float32)
    np.savez(tmp_path / "x.npz", pixels=pixels, **arrays)
    with load(conformance / "objects-letterbox.edge") as model:
        outputs = model(pixels=pixels, **arrays)
        ((found,),) = model.predictions(outputs, size=(1200, 400))  # 4 of 8 rows, the first of them empty
        assert found.box == pytest.approx((300, 0, 900, 400))
        with pytest.raises(InputError, match="size: missing; give the width and height"):
            model.predictions(outputs)
    result = command("run", conformance / "objects-letterbox.edge", "--input", tmp_path / "x.npz")
    assert result.stdout.splitlines()[0] == "logits: float32[1, 1, 5] 0 1 0 0 0"


ANIMALS = Labels(output="logits", names=("cat", "dog", "owl"))


@pytest.mark.parametrize(
    ("logits", "rows"),
    [
        ([[0.5, -1, 2]], [["owl", "cat", "dog"]]),
        ([0, 1, -0.0], [["dog", "cat", "owl"]]),  # equal values keep the order of the names
        ([[[0, 1, 2]] * 2] * 2, [["owl", "dog", "cat"]] * 4),  # every vector is a row
        ([-np.inf, 0, np.inf], [["owl", "dog", "cat"]]),
    ],
)
def test_labels_are_from_the_largest_value_to_the_least(logits: object, rows: list[list[str]]) -> None:
    values = np.array(logits, np.float32)
    labels = ANIMALS.read({"logits": values, "other": 1})
    assert [[label.name for label in row] for row in labels] == rows
    assert labels[0][0].value == values.reshape(-1, 3)[0].max()


@pytest.mark.parametrize(
    "outputs",
    [
        {},
        {"scores": np.zeros(3, np.float32)},
        {"logits": np.zeros(4, np.float32)},
        {"logits": np.float32(1)},
        {"logits": np.zeros(3)},
        {"logits": np.array([0, 1, np.nan], np.float32)},
    ],
)
def test_other_outputs_are_refused(outputs: dict[str, object]) -> None:
    with pytest.raises(InputError):
        ANIMALS.read(outputs)


def test_predictions_are_counted_before_they_are_made() -> None:
    many = 2**20 // 3 + 1
    with pytest.raises(InputError, match=r"logits: 1,048,578 predictions found, at most 1,048,576"):
        Classes(scores="none").read(LABELS, {"logits": np.zeros((many, 3), np.float32)}, Given())
    objects = Objects(boxes="boxes", form="center", scores="sigmoid", background=2, threshold=0.5)
    values = np.full((2, many, 3), -9, np.float32)
    values[..., 0] = values[0, :, 1] = 9
    outputs: dict[str, object] = {"logits": values, "boxes": np.zeros((2, many, 4), np.float32)}
    with pytest.raises(InputError, match=r"logits: 1,048,578 predictions found"):
        objects.read(LABELS, outputs, Given())
    with pytest.raises(InputError, match=r"logits: 1,048,577 bytes of text found"):
        Transcript(blank=2, delimiter=None).read(*_long_transcript())


def _long_transcript() -> tuple[Labels, dict[str, object], Given]:
    """Labels and frames that make a text of 2^20 + 1 bytes."""
    labels = Labels(output="logits", names=("ü" * 2**18, "x", "none"))
    return labels, {"logits": np.eye(3, dtype=np.float32)[[[0, 0, 2, 0, 1]]]}, Given()
