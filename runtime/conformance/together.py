"""Samples given together, to the int8 network or to one that answers by position, and their answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import tiny
from bundles import CPU, ROWS, SYMBOLS, whole
from case import NEAR, Entry, Files, tensors
from graphs import Recorder, Reference

from edgeattn_runtime.bundle.golden import Sample
from edgeattn_runtime.bundle.rows import Stack
from edgeattn_runtime.graph import Graph


def batches() -> list[Entry]:
    """Return batches given together, padded ones among them, and none."""
    samples = tiny.samples([(1, 4), (3, 4), (2, 7), (1, 1), (3, 2), (1, 12)])
    return [_answered(samples), _answered([])]


def padded_batches() -> list[Entry]:
    """Return batches whose longest row fills its axis."""
    return [_answered(tiny.padded_samples([(3, 5), (2, 5), (1, 2)]))]


def positions() -> Files:
    """Return a graph that answers each position, its rows independent: table[tokens] + mask."""
    graph = Graph((tiny.TOKENS, tiny.MASK), (tiny.VECTORS,))
    net = Recorder(graph)
    tokens, mask = net.inputs
    net.Add(net.Gather(tiny.weights()["table"], tokens), net.Unsqueeze(mask, [2]), output=net.outputs[0])
    model, variant = net.model(), replace(CPU, stacks=(Stack({"sequence": 2}, 2), Stack({"sequence": 8}, 3)))
    answer = Reference(model)
    golden = [Sample(sample.inputs, answer(sample.inputs)) for sample in tiny.samples()]
    return whole(model, graph, golden, symbols=SYMBOLS, rows=ROWS, variants=(variant,))


def by_position() -> list[Entry]:
    """Return batches that are answered by position: zeros stand where padding was left out."""
    masks = ([[1, 1, 1]], [[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 0]], [[1, 0, 1, 0, 0], [1, 1, 1, 1, 1]])
    draw, samples = np.random.default_rng(3), []
    for rows in masks:
        mask = np.array(rows, np.float32)
        tokens = draw.integers(0, tiny.WORDS, mask.shape)
        vectors = tiny.weights()["table"][tokens] + mask[..., np.newaxis]
        for vector, row in zip(vectors, mask, strict=True):
            if row.any():
                vector[len(np.trim_zeros(row, "b")) :] = 0
        samples.append(Sample({"tokens": tokens, "mask": mask}, {"vectors": vectors}))
    return [_answered(samples, tolerance=1e-5)]


def _answered(samples: Iterable[Sample], tolerance: float = NEAR) -> Entry:
    rows = [(tensors(sample.inputs), tensors(sample.outputs)) for sample in samples]
    return {
        "samples": [inputs for inputs, _ in rows],
        "outputs": [outputs for _, outputs in rows],
        "tolerance": tolerance,
        "needs": "run_many",
    }
