"""What 4 and 8 bits do to each layer of networks at full size, with care and rounded to the nearest.

    python tests/bench/bench_layer_errors.py [NETWORK ...]

Weights are random, so that the answer's cosine would say nothing of a trained network. The error is each
linear layer's: 1 - cosine of its output to the float network's, in the mean over inputs that calibrated
nothing. A layer's inputs come through the quantized layers before it. Prints, for each recipe, the error in
the median of the layers and of the worst, the megabytes of the graph, and the seconds of the processor that
making it took. One thread.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
import torch
from bench_sizes import CARE, LARGE, LARGE_ROWS, NEAREST, SMALL, SMALL_ROWS, float_graph, made, recipe
from networks.full_size import NETWORKS, SEED, Network
from torch import Tensor

from edgeattn.source.module import ModuleSource
from edgeattn_export.graph.files import file_mb
from edgeattn_export.graph.samples import Samples
from edgeattn_export.quantize.float_graphs import FloatGraph
from edgeattn_export.quantize.quantize import mean_cosines
from edgeattn_export.quantize.recipes.recipe import Treatment
from edgeattn_export.search.units import singles

DRAWS = 4  # of a network's samples, a quarter of which calibrates
RECIPES = ((SMALL, SMALL_ROWS, NEAREST), (SMALL, SMALL_ROWS, CARE), (LARGE, LARGE_ROWS, NEAREST))


@dataclass(frozen=True)
class Errors:
    """A recipe's, by layer.

    Attributes:
        form: Of the linear layers.
        way: How their weights are rounded.
        layers: How many there are.
        median: 1 - cosine of the layer in the middle.
        worst: And of the worst one.
        size_mb: Of the graph.
        seconds: Of the processor, that making it took.
    """

    form: str
    way: str
    layers: int
    median: float
    worst: float
    size_mb: float
    seconds: float

    def __str__(self) -> str:
        """Return the recipe in words, and its figures."""
        errors = f"{self.median:.5f} in the median of {self.layers} layers, {self.worst:.5f} at worst"
        return f"{self.form}, {self.way}: {errors}, {self.size_mb:.1f} MB, {self.seconds:.0f} s"


def main() -> None:
    """Measure each network, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", default=["vit-small", "bert-base"])
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    for name in parser.parse_args().networks:
        for errors in measured(NETWORKS[name]):
            print(f"{name}: {errors}", flush=True)


def measured(network: Network) -> Iterator[Errors]:
    """Yield what each recipe does to a network's layers."""
    source = ModuleSource.of(network.module(), list(_drawn(network)), None)
    part, evaluation = float_graph(source)
    units = singles(part.calibration.layers)
    for form, rows, way in RECIPES:
        model, seconds = made(part, recipe(dict.fromkeys(units, Treatment(form)), rows, way))
        errors = _by_layer(part, evaluation, model)
        median, worst = float(np.median(errors)), max(errors)
        yield Errors(form, way, len(errors), median, worst, file_mb(model), seconds)


def _drawn(network: Network) -> Iterator[Mapping[str, Tensor]]:
    draw = torch.Generator().manual_seed(SEED)
    for _ in range(DRAWS):
        yield from network.samples(draw)


def _by_layer(part: FloatGraph, evaluation: Samples, model: ir.Model) -> list[float]:
    """Return each linear layer's error: no layer takes over from another where nothing smoothes."""
    calibration = part.calibration
    outputs = [layer.output for layer in calibration.layers]
    cosines = mean_cosines(calibration.model, model, outputs, evaluation, calibration.engine)
    return [1 - each for each in cosines.values()]


if __name__ == "__main__":
    main()
