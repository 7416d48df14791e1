from __future__ import annotations

from dataclasses import replace

from edgeattn.report.devices import device_rows, sample_shapes
from edgeattn_runtime.bench import Benchmark
from edgeattn_runtime.machine import Machine


def test_each_number_of_threads_has_a_row(device: Benchmark, machine: Machine) -> None:
    first, second = device_rows([device])
    assert (first.threads, second.threads) == (1, 2)
    assert first.device == str(machine)
    assert first.p50 == (0.754, 6.08)
    assert (first.cosine, first.ok) == (0.5, False)
    assert (first.load_ms, first.memory_mb) == (123.0, 98.7)


def test_a_device_is_right_where_every_output_is(device: Benchmark) -> None:
    row, *_ = device_rows([replace(device, golden=device.golden[:1])])
    assert (row.cosine, row.ok) == (0.99871, True)


def test_columns_are_named_by_the_samples_sizes(device: Benchmark) -> None:
    assert sample_shapes([device]) == ("batch 1, sequence 16", "batch 1, sequence 128")
    assert sample_shapes([]) == ()
