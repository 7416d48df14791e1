"""The memory that calibration takes: all statistics of a model's layers, from 100 samples and from 10,000.

    python tests/bench/bench_calibration.py

Each count is a process of its own, whose samples are drawn one at a time. What is measured is what
calibration allocates: the samples that it looks at, histograms and Gram matrices of every layer. Fails where
more samples take over 1.2 times the memory.
"""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from edgeattn_export.capture import capture, read_samples
from edgeattn_export.graph.axes import infer_axes
from edgeattn_export.graph.samples import Sample
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.layers.match import find_layers
from edgeattn_export.quantize.layers.statistics import calibrate
from edgeattn_export.recover import recover

COUNTS = (100, 10_000)
MOST = 1.2  # times the memory
WIDTH, LAYERS, LENGTH = 128, 2, 32


def drawn(name: str, count: int) -> Iterator[Sample]:
    """Yield samples that exist while they are looked at, and reach farther and farther."""
    generator = np.random.default_rng(0)
    for i in range(count):
        x = generator.standard_normal((1, LENGTH, WIDTH)) * (1 + i)
        yield Sample({name: x.astype(np.float32)})


def measure(count: int) -> float:
    """Return the peak of what calibration allocates, in MB of 10^6 bytes."""
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(WIDTH, 4, 4 * WIDTH, batch_first=True)
    module = nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False).eval()
    few = read_samples(module, [(torch.randn(1, length, WIDTH),) for length in (LENGTH, 8, 16)])
    model = recover(capture(module, few, infer_axes(few, None), ORT_CPU), few).model
    (name,) = few.names
    inputs = [(each.x, each.layout) for each in find_layers(model)]
    tracemalloc.start()
    calibrate(model, inputs, drawn(name, count), ORT_CPU, grams=True, histograms=True)
    return tracemalloc.get_traced_memory()[1] / 1e6


def main() -> int:
    """Measure each count, print, and return the exit code."""
    if len(sys.argv) > 1:
        print(measure(int(sys.argv[1])))
        return 0
    found = {}
    for count in COUNTS:
        command = [sys.executable, __file__, str(count)]
        found[count] = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        print(f"{count:6} samples: {found[count]:.1f} MB")
    ratio = found[COUNTS[-1]] / found[COUNTS[0]]
    print(f"ratio: {ratio:.3f}; at most {MOST}")
    return int(ratio > MOST)


if __name__ == "__main__":
    sys.exit(main())
