"""A stream of samples, cut into partitions that take little memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edgeattn_export.graph.samples import Sample

SAMPLES = 64  # in a partition, at most
BYTES = 4 * 2**20  # of their inputs, about: Dask warns of larger tasks

Partition = tuple[Sample, ...]


def cut(samples: Iterable[Sample], count: int = SAMPLES) -> Iterator[Partition]:
    """Yield samples in partitions, in their order, each read when it is asked for.

    Args:
        samples: May be a stream.
        count: How many a partition has at most; fewer where they are large, and at least one.
    """
    some: list[Sample] = []
    held = 0
    for sample in samples:
        some.append(sample)
        held += sum(value.nbytes for value in sample.inputs.values())
        if len(some) == count or held >= BYTES:
            yield tuple(some)
            some, held = [], 0
    if some:
        yield tuple(some)
