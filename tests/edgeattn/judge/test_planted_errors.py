"""Which planted errors the limits see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeattn.judge import planted_errors as module
from edgeattn.judge.budget import Budget
from edgeattn.judge.comparison import Comparison
from edgeattn.judge.output_metrics import OutputMetrics, default_metrics, output_metrics_of
from edgeattn.judge.padding import Padded
from edgeattn.judge.planted_errors import original_answers, planted_errors
from edgeattn.results.planted_error import PlantedError
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_export.graph.spread import Spread, spreads_of
from edgeattn_runtime.bundle.rows import Padding
from edgeattn_runtime.graph import Graph, Tensor

RNG = np.random.default_rng(0)
GROSS = {"twice", "negative", "constant", "other sample"}
SAMPLES = 32
NUMBERED = Samples(tuple(Sample({"number": np.array(i)}) for i in range(SAMPLES)))
EIGHT = [RNG.normal(size=(1, 8)) + 10 for _ in range(SAMPLES)]
LOGITS = [4 * RNG.normal(size=(1, 10)) for _ in range(SAMPLES)]
Arrays = Sequence[NDArray[np.float64]]


def found(
    budget: Mapping[str, float] | None = None, **outputs: tuple[tuple[int | str, ...], Arrays]
) -> dict[str, PlantedError]:
    tensors = tuple(Tensor(name, "float32", dims) for name, (dims, _) in outputs.items())
    graph, read = Graph((), tensors), Budget.read(budget)
    answers = [{name: arrays[i] for name, (_, arrays) in outputs.items()} for i in range(SAMPLES)]
    spreads = spreads_of(tensors, answers)
    kinds = {name: spread.kind for name, spread in spreads.items()}
    asked = output_metrics_of(read.limits, graph)
    metrics = asked if read.is_explicit_on_accuracy else default_metrics(kinds, graph, 100)
    comparison = comparing(Padded(graph, None), answers, spreads, metrics)
    return {error.kind: error for error in planted_errors(comparison, read, NUMBERED)}


def comparing(
    padded: Padded,
    answers: Sequence[Mapping[str, NDArray[Any]]],
    spreads: Mapping[str, Spread],
    metrics: OutputMetrics = (),
) -> Comparison:
    """Return a comparison with an original that answers each of ``NUMBERED`` so."""
    captured: Any = SimpleNamespace(reference=lambda inputs: answers[int(inputs["number"])])
    return Comparison(captured, padded, None, spreads, metrics)


def test_the_default_sees_every_gross_error_of_an_offset_that_hides_it_from_a_cosine() -> None:
    errors = found(y=(("batch", 8), EIGHT))
    assert {kind for kind, error in errors.items() if not error.seen} == {"shift"}
    assert errors.keys() > GROSS
    assert all(error.remedy is None for error in errors.values())
    blind = found({"cosine": 0.99}, y=(("batch", 8), EIGHT))
    remedies = {kind: error.remedy for kind, error in blind.items() if error.remedy}
    assert remedies == dict.fromkeys(("twice", "constant", "other sample"), "r2=0.98")
    assert blind["constant"].unseen == ("y",)


def test_the_smallest_that_fails_is_what_the_limit_allows() -> None:
    centred = [each - np.mean(EIGHT, axis=0) for each in EIGHT]
    errors = found(y=(("batch", 8), centred))
    for kind, part in (("twice", 0.02**0.5), ("tenth", 0.02**0.5 / 0.9), ("shift", 2**0.5)):
        assert errors[kind].smallest == pytest.approx(part, rel=0.12), kind
    assert errors["constant"].smallest is None


def test_one_channel_of_many_is_seen_by_the_worst_channel() -> None:
    many = [RNG.normal(size=(1, 100)) for _ in range(SAMPLES)]
    assert found(y=(("batch", 100), many))["least channel"].by == ("r2_channel_min",)
    assert not found({"r2": 0.98}, y=(("batch", 100), many))["least channel"].seen


def test_an_output_that_no_limit_is_on_is_named() -> None:
    errors = found({"top1": 0.9}, logits=(("batch", 10), LOGITS), hidden=(("batch", 8), EIGHT))
    assert errors["negative"].by == ("top1",)
    assert errors["negative"].unseen == ("hidden",)
    assert errors["twice"].unseen == ("logits", "hidden")
    assert errors["negative"].remedy == "r2=0.98"


def test_logits_have_no_shift_and_are_held_by_what_suits_them() -> None:
    errors = found(logits=(("batch", 10), LOGITS))
    assert "shift" not in errors
    assert errors["twice"].by == ("kl", "r2", "r2_channel_min")
    assert "top1" in errors["negative"].by


def test_what_is_no_error_of_these_answers_is_left_out() -> None:
    same = [np.full((1, 2), 3.0)] * SAMPLES
    assert (
        not {"constant", "negative", "other sample", "least channel"} & found(y=(("batch", 2), same)).keys()
    )


def test_a_mask_of_infinities_stays() -> None:
    masked = [np.where(np.arange(8) == 3, -np.inf, each) for each in EIGHT]
    assert found(y=(("batch", 8), masked))["twice"].seen


def test_without_a_limit_on_answers_nothing_is_said() -> None:
    tensors = (Tensor("y", "float32", ("batch", 8)),)
    answers = [{"y": each} for each in EIGHT]
    comparison = comparing(Padded(Graph((), tensors), None), answers, spreads_of(tensors, answers))
    budget = Budget.read({"metric_drop": 0.01}, has_metric=True)
    assert budget.is_explicit_on_accuracy
    assert planted_errors(comparison, budget, NUMBERED) == ()
    assert planted_errors(comparison, Budget.read(None), NUMBERED[:1]) == ()  # of one nothing varies


def test_answers_are_kept_without_padding_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    mask = Tensor("mask", "int64", ("batch", "sequence"))
    graph = Graph((mask,), (Tensor("y", "float32", ("batch", "sequence", 2)),))
    answer: NDArray[Any] = np.arange(8, dtype="float32").reshape(1, 4, 2)
    inputs = {"mask": np.array([[1, 1, 0, 1]]), "number": np.array(0)}
    samples = Samples((Sample(inputs),) * 100)
    kept = original_answers(comparing(Padded(graph, Padding("mask", 0)), [{"y": answer}], {}), samples)
    assert len(kept) == module.SAMPLES
    assert kept[0]["y"].tolist() == [[0, 1], [2, 3], [6, 7]]
    monkeypatch.setattr(module, "NUMBERS", 4 * module.SAMPLES)
    few = original_answers(comparing(Padded(graph, None), [{"y": answer}], {}), samples)
    assert few[0]["y"].tolist() == [[0, 1], [4, 5]]
