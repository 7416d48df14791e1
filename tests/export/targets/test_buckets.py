from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from fixture_types import Plainly

from edgeattn.measure.runners import runner_of_buckets
from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.shapes import sized_inputs, sizes_of
from edgeattn_export.lower.fixed import BucketLimits
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.pack import Label, TargetBuild, pack
from edgeattn_export.quantize import Quantized
from edgeattn_export.quantize.graphs import Graphs, QuantizedGraph
from edgeattn_export.targets import Bucket, buckets_of, sizes_for
from edgeattn_export.targets.buckets import ANY
from edgeattn_export.targets.cpu import CPU
from edgeattn_runtime.bundle.golden import GoldenVectors
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH
from edgeattn_runtime.bundle.rows import Padding, Rows
from edgeattn_runtime.errors import InputError

ROWS = Rows("batch", Padding("mask", 0))
FIXED = replace(CPU, name="fixed", bucket_limits=BucketLimits(most=2, padding=0.3))
TOLERANCE = 0.05  # of the output's scale: int8 activations are scaled with the padding in them


@pytest.fixture(scope="module")
def parts(quantized: Quantized, encoder: Captured) -> Graphs:
    return Graphs({MAIN_GRAPH: QuantizedGraph(quantized, encoder.graph)}, encoder.symbols)


@pytest.fixture(scope="module")
def buckets(parts: Graphs, encoder: Captured, samples: Samples) -> tuple[Bucket, ...]:
    seen = [sizes_of(sample.inputs, encoder.axes) for sample in samples]
    return buckets_of(FIXED, parts, sizes_for(FIXED, seen, encoder.graph, ROWS))


def test_the_longest_sample_fits_and_few_positions_are_padding(
    buckets: tuple[Bucket, ...], samples: Samples
) -> None:
    lengths = [sample.inputs["tokens"].shape[1] for sample in samples]
    assert len(buckets) == 2
    assert buckets[-1].sizes == {"batch": 1, "sequence": max(lengths)}
    assert [bucket.label for bucket in buckets] == [f"1x{bucket.sizes['sequence']}" for bucket in buckets]


@pytest.mark.parametrize(("batch", "sequence"), [(1, 3), (1, 12), (3, 5)])
def test_calls_are_padded_and_their_rows_run_one_by_one(
    batch: int,
    sequence: int,
    buckets: tuple[Bucket, ...],
    parts: Graphs,
    encoder: Captured,
    samples: Samples,
    plainly: Plainly,
    scaled_error: Callable[..., float],
) -> None:
    inputs = sized_inputs(samples, encoder.axes, {"batch": batch, "sequence": sequence})
    found = runner_of_buckets(buckets, ROWS, ORT_CPU, threads=1)(inputs)
    expected = plainly(parts.graphs[MAIN_GRAPH].quantized.model)(inputs)
    assert scaled_error(expected, found) < TOLERANCE


def test_a_call_beyond_the_largest_bucket_is_an_error(
    buckets: tuple[Bucket, ...], encoder: Captured, samples: Samples
) -> None:
    inputs = sized_inputs(samples, encoder.axes, {"batch": 1, "sequence": 13})
    with pytest.raises(InputError, match="sequence 13"):
        runner_of_buckets(buckets, ROWS, ORT_CPU, threads=1)(inputs)


def test_a_target_of_dynamic_sizes_has_its_graphs_as_they_are(parts: Graphs, encoder: Captured) -> None:
    every = sizes_for(CPU, [{"batch": 1, "sequence": 4}], encoder.graph, ROWS)
    assert every == (ANY,)
    (bucket,) = buckets_of(CPU, parts, every)
    assert bucket.parts is parts


def test_each_bucket_is_a_variant(buckets: tuple[Bucket, ...], parts: Graphs) -> None:
    made = TargetBuild(
        target=FIXED,
        parts=parts,
        buckets=buckets,
        tolerance={tensor.name: 0.1 for tensor in parts.graphs[MAIN_GRAPH].graph.outputs},
        scores={"cosine": 0.99},
        verdict="pass",
        measured=None,
    )
    packed = pack(
        [made], GoldenVectors((), {}), label=Label(name="tiny", budget={}, source=None), rows=ROWS, reports={}
    )
    variants = packed.manifest.variants
    assert [variant.sizes for variant in variants] == [bucket.sizes for bucket in buckets]
    graphs = [variant.files[MAIN_GRAPH] for variant in variants]
    assert len(set(graphs)) == 2
    assert set(graphs) <= set(packed.files)
