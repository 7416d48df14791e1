"""Which edge cases follow from a contract."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from tokens_and_mask import lay

from edgeattn_export.graph.axes import Axes
from edgeattn_export.graph.edge_cases import (
    LENGTHENED,
    LONGEST_SEQUENCE,
    EdgeBasis,
    EdgeInputs,
    edge_cases,
    length_cases,
    padding_cases,
    size_cases,
    value_cases,
)
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_runtime.bundle.generation import Generation
from edgeattn_runtime.graph import Graph, Symbol, Tensor

STEPS: Any = Generation(
    kind="decoder",
    decoder="model",
    tokens="tokens",
    logits="logits",
    length="length",
    cache=(),
    positions=64,
    encoder=None,
    sources=(),
    carried=(),
)


def named(cases: Iterator[EdgeInputs]) -> dict[str, EdgeInputs]:
    return {case.name: case for case in cases}


def test_sizes_are_those_at_the_ends_and_odd_batches() -> None:
    cases = named(size_cases(lay()))
    assert cases.keys() == {"batch 3", "batch 7", "sequence 1", "sequence 64"}
    assert cases["batch 7"].inputs["tokens"].shape == (7, 4)
    assert cases["sequence 64"].inputs["mask"].shape == (1, 64)


@pytest.mark.parametrize(
    ("symbols", "names"),
    [
        ({"batch": Symbol(1, 1), "sequence": Symbol(2, None)}, {"sequence 2", f"sequence {LENGTHENED * 9}"}),
        (
            {"batch": Symbol(1, 4), "sequence": Symbol(1, 10**6)},
            {"batch 3", "sequence 1", f"sequence {LONGEST_SEQUENCE}"},
        ),
    ],
)
def test_sizes_stay_within_the_contract_and_within_memory(
    symbols: dict[str, Symbol], names: set[str]
) -> None:
    assert named(size_cases(lay(symbols=symbols))).keys() == names


def test_padding_stands_on_either_side_in_one_row_and_all_but_everywhere() -> None:
    cases = named(padding_cases(lay()))
    masks = {name: case.inputs["mask"] for name, case in cases.items()}
    right, left = masks["right padding"], masks["left padding"]
    assert right.shape == (3, 6)
    np.testing.assert_array_equal(right, [[1, 1, 1, 1, 0, 0]] * 3)
    np.testing.assert_array_equal(left, [[0, 0, 1, 1, 1, 1]] * 3)
    np.testing.assert_array_equal(masks["one padded row"], [[1] * 6, [1] * 6, [1, 1, 0, 0, 0, 0]])
    np.testing.assert_array_equal(masks["a row masked out but for one position"][-1], [1, 0, 0, 0, 0, 0])
    np.testing.assert_array_equal(masks["padding invariance"][-1], [1, 1, 1, 1, 0, 0])


def test_the_same_row_is_asked_alone_without_its_padding() -> None:
    case = named(padding_cases(lay()))["padding invariance"]
    assert case.alone is not None
    assert case.alone["mask"].all()
    np.testing.assert_array_equal(case.alone["tokens"], case.inputs["tokens"][-1:, :4])


def filled(**more: Any) -> EdgeBasis:
    """Lay the ground of a model of sounds and lengths, the longest of which fills their axis."""
    dims = {"sound": ("batch", "sequence"), "lengths": ("batch",)}
    samples = [
        Sample({"sound": np.ones((len(rows), max(rows)), np.float32), "lengths": np.array(rows)})
        for rows in ([4], [9, 3], [6])
    ]
    inputs = Tensor("sound", "float32", dims["sound"]), Tensor("lengths", "int64", dims["lengths"])
    return lay(
        graph=Graph(inputs, ()),
        axes=Axes(dims, lengths={"lengths": "sequence"}),
        samples=Samples(tuple(samples)),
        padding=None,
        **more,
    )


def test_every_edge_case_keeps_what_is_promised_of_lengths() -> None:
    cases = list(edge_cases(filled()))
    assert not [case.name for case in cases if case.name.startswith("lengths at")]
    for case in cases:
        assert case.inputs["lengths"].max() == case.inputs["sound"].shape[1], case.name


def test_short_rows_stand_beside_a_whole_one() -> None:
    (case,) = length_cases(filled())
    assert case.name == "lengths short but for one"
    np.testing.assert_array_equal(case.inputs["lengths"], [3, 3, 6])
    assert case.inputs["sound"].shape == (3, 6)
    assert len(list(length_cases(filled(by_row=True)))) == 1  # a short row is met in batches alone
    assert not list(length_cases(lay()))


def test_where_rows_are_run_one_by_one_a_single_one_shows_all() -> None:
    by_row = lay(by_row=True)
    assert named(size_cases(by_row)).keys() == {"batch 3", "sequence 1", "sequence 64"}
    cases = named(padding_cases(by_row))
    assert {len(case.inputs["mask"]) for case in cases.values()} == {1}
    assert cases.keys() == {
        "right padding",
        "left padding",
        "a row masked out but for one position",
        "padding invariance",
    }


def test_padding_is_asked_of_nothing_that_has_none() -> None:
    assert list(padding_cases(lay(padding=None))) == []
    assert "padding invariance" not in named(padding_cases(lay(rows=None)))
    alone = named(padding_cases(lay(symbols={"batch": Symbol(1, 1), "sequence": Symbol(1, 64)})))
    assert alone.keys() == {"right padding", "left padding", "a row masked out but for one position"}
    assert list(padding_cases(lay(symbols={"batch": Symbol(1, 1), "sequence": Symbol(1, 4)}))) == []


def test_values_are_repeated_and_taken_to_their_ends() -> None:
    cases = named(value_cases(lay()))
    assert cases.keys() == {"tokens repeated", "tokens at its smallest", "tokens at its largest"}
    assert set(cases["tokens repeated"].inputs["tokens"].ravel()) == {16}
    assert set(cases["tokens at its smallest"].inputs["tokens"].ravel()) == {14}
    assert set(cases["tokens at its largest"].inputs["tokens"].ravel()) == {27}
    assert cases["tokens repeated"].inputs["mask"].all()


def test_floats_are_taken_as_faint_and_as_strong_as_any_sample() -> None:
    def bias(*first: float) -> tuple[Sample, ...]:
        held = (np.array([[each, -np.inf, 2 * each]], np.float32) for each in first)
        return tuple(Sample({"tokens": each, "mask": np.ones((1, 3), np.int64)}) for each in held)

    cases = named(value_cases(lay(samples=Samples(bias(0.5, 1.0, 4.0)))))
    faintest, strongest = (
        cases[f"tokens at its {word}"].inputs["tokens"] for word in ("faintest", "strongest")
    )
    assert (faintest.dtype, strongest.dtype) == (np.float32, np.float32)
    assert faintest.tolist() == [[0.5, -np.inf, 1.0]]
    assert strongest.tolist() == [[4.0, -np.inf, 8.0]]
    beyond = {"all of tokens at its smallest", "all of tokens at its largest"}
    assert named(value_cases(lay(samples=Samples(bias(2.0, 2.0))))).keys() == {"tokens repeated", *beyond}
    assert {name for name, case in cases.items() if case.beyond} == beyond
    assert cases["all of tokens at its largest"].inputs["tokens"].tolist() == [[8.0, -np.inf, 8.0]]


def test_what_a_decoder_knows_by_itself_is_left_as_it_is() -> None:
    steps = lay(generation=STEPS)
    assert steps.derived == {"mask"}
    assert named(size_cases(steps)).keys() == {"batch 3", "batch 7", "sequence 1", "sequence 9"}
    assert "left padding" not in named(padding_cases(steps))
    assert "right padding" in named(padding_cases(steps))
