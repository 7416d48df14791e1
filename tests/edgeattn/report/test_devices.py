from __future__ import annotations

from dataclasses import replace

from edgeattn.report.devices import Device
from edgeattn_runtime.timing.benchmark import DeviceBenchmark
from edgeattn_runtime.timing.machine import Machine


def test_each_sample_has_a_row_and_each_number_of_threads_a_column(device: DeviceBenchmark) -> None:
    found = Device.of(device)
    assert found.threads == (1, 2)
    assert found.p50 == (
        ("sample 0, batch 1, sequence 16", (0.754, 0.754)),
        ("sample 1, batch 1, sequence 128", (6.08, 6.08)),
    )


def test_a_device_is_given_with_its_largest_error(device: DeviceBenchmark, machine: Machine) -> None:
    found = Device.of(device)
    assert (found.name, found.error, found.ok) == (str(machine), 0.5, False)
    assert (found.load_ms, found.memory_mb) == (123.0, 98.7)


def test_a_device_is_right_where_every_output_is(device: DeviceBenchmark) -> None:
    found = Device.of(replace(device, golden=device.golden[:1]))
    assert (found.error, found.ok) == (0.04217, True)


def test_a_sample_without_dynamic_sizes_goes_by_its_number(device: DeviceBenchmark) -> None:
    runs = [
        replace(run, timings=tuple(replace(timing, shape={}) for timing in run.timings))
        for run in device.runs
    ]
    assert [sizes for sizes, _ in Device.of(replace(device, runs=tuple(runs))).p50] == [
        "sample 0",
        "sample 1",
    ]
