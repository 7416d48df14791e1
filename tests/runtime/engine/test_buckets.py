from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeattn_runtime import InputError, Model, load
from edgeattn_runtime.bundle.rows import Padding, Rows, Stack
from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.engine.buckets import Bucket, Buckets
from edgeattn_runtime.graph import Graph, Tensor

# A network in exact integers: a position's answer adds up what its row shows, a row's is the sum.
GRAPH = Graph(
    (Tensor("tokens", "int64", ("batch", "sequence")), Tensor("padded", "bool", ("batch", "sequence"))),
    (Tensor("states", "int64", ("batch", "sequence")), Tensor("total", "int64", ("batch",))),
)
ROWS = Rows("batch", Padding("padded", masked_out=1))


class Network:
    """The network in one shape, which remembers its calls."""

    def __init__(self, **sizes: int) -> None:
        self.sizes = sizes
        self.calls = 0

    def __call__(self, arrays: Arrays) -> Arrays:
        self.calls += 1
        batch, sequence = arrays["tokens"].shape
        assert self.sizes.items() <= {"batch": batch, "sequence": sequence}.items()
        total = (arrays["tokens"] * ~arrays["padded"]).sum(1)
        return {"states": arrays["tokens"] + total[:, None], "total": total}

    def bucket(self) -> Bucket:
        return Bucket(self.sizes, (), self)


def _inputs(batch: int, sequence: int) -> Arrays:
    tokens = np.arange(1, batch * sequence + 1).reshape(batch, sequence)
    return {"tokens": tokens, "padded": tokens % 3 == 0}


def _sizes(batch: int, sequence: int) -> dict[str, int]:
    return {"batch": batch, "sequence": sequence}


@given(st.integers(1, 7), st.integers(1, 8), st.integers(1, 4))
def test_padded_and_row_by_row_it_is_the_same_answer(batch: int, sequence: int, at_once: int) -> None:
    small, large = Network(batch=at_once, sequence=4), Network(batch=at_once, sequence=8)
    buckets = Buckets(GRAPH, [small.bucket(), large.bucket()], ROWS)
    outputs, expected = buckets.run(_inputs(batch, sequence)), Network()(_inputs(batch, sequence))
    for name, array in expected.items():
        np.testing.assert_array_equal(outputs[name], array, strict=True)
    calls = -(-batch // at_once)
    assert (small.calls, large.calls) == ((calls, 0) if sequence <= 4 else (0, calls))


def test_the_first_that_fits_is_taken() -> None:
    networks = [Network(sequence=4), Network(), Network(sequence=5)]
    buckets = Buckets(GRAPH, [network.bucket() for network in networks], ROWS)
    assert [buckets.fitting(_sizes(1, sequence)) for sequence in (1, 4, 5)] == [0, 0, 1]


def test_stacks_are_those_of_the_bucket() -> None:
    stacks = (Stack({"sequence": 4}, 2),)
    buckets = Buckets(GRAPH, [Bucket({"sequence": 4}, stacks, Network()), Network().bucket()], ROWS)
    assert buckets.stacks(_sizes(1, 3)) == stacks
    assert buckets.stacks(_sizes(1, 5)) == ()


@pytest.mark.parametrize(
    ("rows", "fits"),
    [(None, []), (Rows("batch", None), [(2, 4)]), (ROWS, [(2, 4), (1, 3), (2, 3)])],
)
def test_only_what_rows_allow_is_padded_or_taken_apart(
    rows: Rows | None, fits: list[tuple[int, int]]
) -> None:
    buckets = Buckets(GRAPH, [Network(batch=1, sequence=4).bucket()], rows)
    buckets.check(_inputs(1, 4))
    for sizes in ((2, 4), (1, 3), (2, 3), (1, 5)):
        if sizes in fits:
            buckets.check(_inputs(*sizes))
        else:
            with pytest.raises(InputError, match="sequence"):
                buckets.check(_inputs(*sizes))


@pytest.fixture(scope="module")
def buckets(conformance: Path) -> Model:
    return load(conformance / "buckets.edge", threads=1)


def _sample(batch: int, sequence: int) -> dict[str, np.ndarray]:
    tokens = np.arange(batch * sequence).reshape(batch, sequence) % 16
    return {"tokens": tokens, "mask": np.ones((batch, sequence), np.float32)}


INT8_NOISE = 0.05  # of embeddings of about 1: padding and rows of a call share the scale of its activations


@pytest.mark.parametrize(
    ("sequence", "file"), [(2, "short"), (4, "short"), (7, "long"), (8, "long"), (9, "model")]
)
@pytest.mark.parametrize("batch", [1, 2, 3])
def test_a_bundle_answers_by_its_buckets(
    buckets: Model, conformance: Path, batch: int, sequence: int, file: str
) -> None:
    sample = _sample(batch, sequence)
    assert buckets.answering(sample).files == {"model": f"{file}.onnx"}
    outputs, expected = buckets(**sample), load(conformance / "good.edge")(**sample)
    assert outputs["embedding"].shape == (batch, 8)
    np.testing.assert_allclose(outputs["embedding"], expected["embedding"], rtol=0, atol=INT8_NOISE)


def test_many_samples_go_to_their_buckets(buckets: Model, conformance: Path) -> None:
    samples = [_sample(2, 3), _sample(1, 8), _sample(2, 12)]
    good = load(conformance / "good.edge")
    for sample, outputs in zip(samples, buckets.run_many(samples), strict=True):
        expected = good(**sample)["embedding"]
        np.testing.assert_allclose(outputs["embedding"], expected, rtol=0, atol=INT8_NOISE)


def test_a_sample_that_fits_none_is_named(conformance: Path) -> None:
    fixed = load(conformance / "fixed.edge")
    with pytest.raises(InputError, match=r"^sample 1: .*sequence 5 "):
        fixed.run_many([_sample(1, 4), _sample(1, 5)])
