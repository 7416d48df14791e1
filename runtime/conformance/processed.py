"""Bundles that say what stands before or behind their graph, by the table bundles.json.

A row has what the manifest holds, ``graph`` and ``processing``; ``net`` is what the graph computes, and
``tokenizer`` the one that texts are cut by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import tokenized
from bundles import SAMPLES, TABLE, whole
from case import Case, Files, accepted
from graphs import Array, Recorder, Reference
from tokenizers import Tokenizer

from edgeattn_runtime.bundle.golden import Sample
from edgeattn_runtime.fields import Field
from edgeattn_runtime.graph import Graph, symbols_of
from edgeattn_runtime.processing import Processing


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: one bundle."""

    bundle: str
    why: str
    net: str
    graph: Graph
    processing: Any  # a Processing: its kind of rows says which parts are there
    tokenizer: str | None
    frames: Sequence[Any]  # of images: their size, what size they are made, and where the input begins

    @property
    def encoder(self) -> Tokenizer:
        """What cuts its texts."""
        assert self.tokenizer is not None
        return tokenized.cutting(self.tokenizer, self.processing.text)

    def files(self) -> Files:
        """Return the bundle, its golden vectors by ONNX's own evaluation of 1 to ``SAMPLES`` rows."""
        kind, net, golden = _NETS[self.net], Recorder(self.graph), list[Sample]()
        kind.record(net)
        model, random = net.model(), np.random.default_rng(kind.seed)
        reference = Reference(model)
        for batch in range(1, SAMPLES + 1):
            sizes = dict.fromkeys(symbols_of(self.graph.inputs), batch + kind.longer) | {"batch": batch}
            inputs = {
                each.name: kind.draw(
                    random, [dim if isinstance(dim, int) else sizes[dim] for dim in each.dims]
                ).astype(each.dtype)
                for each in self.graph.inputs
            }
            golden.append(Sample(inputs, reference(inputs)))
        files = {"tokenizer.json": tokenized.content(self.tokenizer)} if self.tokenizer else {}
        return whole(model, self.graph, golden, files=files, processing=self.processing)

    def case(self, **asks: Any) -> Case:
        """Return the case of what every runtime opens, and what it is asked."""
        return accepted(self.bundle, self.why, self.files(), **asks)


def rows(kind: str) -> Iterator[Row]:
    """Yield the rows of bundles that take, or are read as, the same."""
    for row in TABLE[kind]:
        graph, processing = (Field(key, row[key]) for key in ("graph", "processing"))
        yield Row(
            row["bundle"],
            row["why"],
            row["net"],
            Graph.from_field(graph),
            Processing.from_field(processing),
            row.get("tokenizer"),
            row.get("frames", ()),
        )


def _adding(net: Recorder) -> None:
    """Add up each row of the inputs' product."""
    floats = net.Flatten(net.Cast(_product(net), to=1), axis=1)
    net.ReduceSum(floats, [1], keepdims=1, output=net.outputs[0])


def _echo(net: Recorder) -> None:
    """Give back the last inputs."""
    for value, output in zip(net.inputs[-len(net.outputs) :], net.outputs, strict=True):
        net.Identity(value, output=output)


def _tags(net: Recorder) -> None:
    """Give numbers for each token by its id."""
    weights = np.linspace(-1, 1, int(net.graph.outputs[0].dims[-1]), dtype=np.float32)
    net.Mul(net.Unsqueeze(net.Cast(_product(net), to=1), [2]), weights, output=net.outputs[0])


def _spans(net: Recorder) -> None:
    """Give two numbers for each token by its id."""
    ids, shown, types = net.inputs
    product = net.Mul(ids, shown)
    net.Cast(product, to=1, output=net.outputs[0])
    net.Cast(net.Sub(product, types), to=1, output=net.outputs[1])


def _product(net: Recorder) -> Any:
    product, *others = net.inputs
    for other in others:
        product = net.Mul(product, other)
    return product


def _integers(random: np.random.Generator, dims: Sequence[int]) -> Array:
    return random.integers(0, 9, dims)


def _normal(random: np.random.Generator, dims: Sequence[int]) -> Array:
    return random.normal(size=dims)


class _Net(NamedTuple):
    """What a graph computes, and how its golden inputs are drawn: symbols ``longer`` than the batch."""

    record: Callable[[Recorder], None]
    draw: Callable[[np.random.Generator, Sequence[int]], Array]
    seed: int
    longer: int


_NETS = {
    "adding": _Net(_adding, _integers, 4, 2),
    "echo": _Net(_echo, _normal, 8, 1),
    "tags": _Net(_tags, _integers, 9, 2),
    "spans": _Net(_spans, _integers, 9, 2),
}
