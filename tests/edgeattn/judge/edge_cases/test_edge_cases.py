"""Edge cases, tried: what is wrong is found and named, what the original cannot do is told and not failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from tokens_and_mask import lay

from edgeattn.judge.edge_cases import edge_case_results
from edgeattn.judge.padding import Padded
from edgeattn.results.check import EdgeCase
from edgeattn.results.latency import FLOAT, INT8, PYTORCH
from edgeattn_export.graph.axes import Axes
from edgeattn_export.graph.edge_cases import EdgeBasis
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_export.graph.spread import spreads_of
from edgeattn_runtime.errors import InputError
from edgeattn_runtime.graph import Symbol

Answer = Callable[[Mapping[str, Any]], dict[str, Any]]


def sums(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Answer (batch, 2): the sum of what is not masked out, and a constant."""
    total = (inputs["tokens"] * inputs["mask"]).sum(axis=1)
    return {"sums": np.stack([total, np.full_like(total, 40)], axis=1).astype(np.float32)}


def without_mask(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return sums({**inputs, "mask": np.ones_like(inputs["mask"])})


def swapped_rows(inputs: Mapping[str, Any]) -> dict[str, Any]:
    answer = sums(inputs)["sums"]
    wrong = answer.copy()
    wrong[1:] = -answer[1:]
    return {"sums": wrong}


def test_a_nan_of_int8_alone_is_told_by_its_name() -> None:
    found = cases(lay(), int8=undefined)
    assert found["batch 3"].reason == "int8 answers NaN or infinity in 'sums', where the original has numbers"
    assert failed(found) == set(found)


def failing_from(length: int, error: type[Exception]) -> Answer:
    def answer(inputs: Mapping[str, Any]) -> dict[str, Any]:
        if inputs["tokens"].shape[1] >= length:
            raise error("too\n long")
        return sums(inputs)

    return answer


def undefined(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {"sums": sums(inputs)["sums"] * np.nan}


def cases(
    basis: EdgeBasis, *, int8: Answer = sums, float_: Answer = sums, original: Answer = sums
) -> dict[str, EdgeCase]:
    runners: Any = {PYTORCH: original, FLOAT: float_, INT8: int8}
    padded = Padded(basis.graph, basis.padding)
    answers = [original(sample.inputs) for sample in basis.samples]
    spreads = spreads_of(basis.graph.outputs, answers)
    return {case.name: case for case in edge_case_results(basis, runners, padded, spreads)}


def failed(found: dict[str, EdgeCase]) -> set[str]:
    return {name for name, case in found.items() if not case.ok}


def test_what_answers_alike_is_right_everywhere() -> None:
    found = cases(lay())
    assert len(found) == 12
    assert failed(found) == set()
    assert all(case.error == 0 and case.reason is None for case in found.values())


def test_a_mask_that_int8_ignores_is_found() -> None:
    rows = (np.array([[1] * 6 + [weight] * 3]) for weight in (-100, -90))  # what is masked out weighs
    samples = Samples(tuple(Sample({"tokens": row, "mask": np.ones_like(row)}) for row in rows))
    found = cases(lay(samples=samples), int8=without_mask)
    assert {"right padding", "one padded row", "padding invariance"} <= failed(found)
    assert "batch 3" not in failed(found)


def test_what_no_real_input_is_like_is_told_and_not_failed() -> None:
    def clipped(inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Is wrong where every number of a row is the largest."""
        tokens = inputs["tokens"]
        wrong = (tokens == tokens.max(axis=1, keepdims=True)).all(axis=1) & (tokens > 3).all(axis=1)
        return {"sums": np.where(wrong[:, None], [[-1, 1]], sums(inputs)["sums"]).astype(np.float32)}

    def floats(*values: float) -> Sample:
        return Sample({"tokens": np.array([values], np.float32), "mask": np.ones((1, 3), np.int64)})

    found = cases(lay(samples=Samples((floats(1, 2, 3), floats(2, 4, 5)))), int8=clipped)
    beyond = found["all of tokens at its largest"]
    assert (beyond.ok, beyond.in_verdict) == (True, False)
    assert "no real input is like it" in (beyond.reason or "")
    assert failed(found) == set()


def test_a_wrong_row_is_found_among_right_ones() -> None:
    found = cases(lay(), int8=swapped_rows)
    assert {"batch 3", "batch 7"} <= failed(found)
    assert (found["batch 3"].error or 0) > 1
    assert str(found["batch 3"].reason).endswith(" of what answers vary by, at most 0.45 expected")
    assert "sequence 1" not in failed(found)


def test_a_wrong_float_export_is_told_from_a_wrong_int8() -> None:
    found = cases(lay(), float_=swapped_rows, int8=swapped_rows)
    assert str(found["batch 3"].reason).startswith("error of float ")


@pytest.mark.parametrize(
    ("original", "told"),
    [
        (failing_from(64, IndexError), "the original does not answer: IndexError: too long"),
        (undefined, "the original answers NaN or infinity"),
    ],
    ids=["raises", "nan"],
)
def test_what_the_original_cannot_do_is_told_and_not_failed(original: Answer, told: str) -> None:
    case = cases(lay(), original=original)["sequence 64"]
    assert (case.ok, case.error, case.reason) == (True, None, told)


def test_sizes_that_a_target_does_not_have_are_told_and_not_failed() -> None:
    case = cases(lay(), int8=failing_from(64, InputError))["sequence 64"]
    assert case.ok
    assert case.reason == "outside of the target's sizes: InputError: too long"


def test_what_int8_alone_cannot_do_fails() -> None:
    found = cases(lay(), int8=failing_from(64, RuntimeError))
    assert failed(found) == {"sequence 64"}
    assert found["sequence 64"].reason == "int8 does not answer: RuntimeError: too long"


def test_an_answer_of_other_dims_fails() -> None:
    found = cases(lay(), int8=lambda inputs: {"sums": sums(inputs)["sums"][:, :1]})
    assert "dims" in str(found["batch 3"].reason)
    assert failed(found) == set(found)


def test_of_packed_inputs_whose_sizes_follow_from_values_nothing_is_made_up() -> None:
    axes = Axes(lay().axes.dims, packed=frozenset({"batch"}))
    assert cases(lay(axes=axes)) == {}


def normed(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Answer with floats behind a norm that nothing keeps from dividing by almost 0."""
    x = inputs["tokens"]
    apart = x - x.mean(axis=1, keepdims=True)
    return {"sums": (apart / (np.abs(apart).max(axis=1, keepdims=True) + 1e-30))[:, :2]}


def blind_to_constants(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a row of one number over and over in its own way."""
    x = inputs["tokens"]
    constant = (x == x[:, :1]).all(axis=1, keepdims=True)
    return {"sums": np.where(constant, np.float32([[1, -1]]), normed(inputs)["sums"])}


def test_what_turns_with_the_last_digits_of_its_input_is_not_compared() -> None:
    rows = np.random.default_rng(0).uniform(0.1, 0.9, (6, 1, 7)).astype(np.float32)
    samples = Samples(tuple(Sample({"tokens": row, "mask": np.ones((1, 7), np.int64)}) for row in rows))
    symbols = {"batch": Symbol(1, None), "sequence": Symbol(2, 64)}
    basis = lay(samples=samples, symbols=symbols, rows=None)
    steady = cases(basis, int8=blind_to_constants)
    found = cases(basis, original=normed, float_=blind_to_constants, int8=blind_to_constants)
    turned = [name for name, case in found.items() if "last digits" in (case.reason or "")]
    assert turned
    assert failed(found) == set()
    assert all(found[name].error is None for name in turned)
    assert "tokens repeated" in failed(steady)
