from __future__ import annotations

from dataclasses import replace

from edgeattn.report.devices import Device
from edgeattn_runtime.timing.benchmark import DeviceBenchmark


def test_a_device_is_right_where_every_output_is(device: DeviceBenchmark) -> None:
    found = [Device.of(each) for each in (device, replace(device, golden=device.golden[:1]))]
    assert [(each.error, each.ok) for each in found] == [(0.5, False), (0.04217, True)]


def test_a_sample_without_dynamic_sizes_goes_by_its_number(device: DeviceBenchmark) -> None:
    runs = [
        replace(run, timings=tuple(replace(timing, shape={}) for timing in run.timings))
        for run in device.runs
    ]
    assert [sizes for sizes, _ in Device.of(replace(device, runs=tuple(runs))).p50] == [
        "sample 0",
        "sample 1",
    ]
