"""How right a bundle is, in rows that the table, the page and the summary for CI share."""

from __future__ import annotations

from collections.abc import Iterator

from edgeattn.report.number_words import cosine, r2
from edgeattn.results.accuracy import Accuracy
from edgeattn.results.report import Report

Row = tuple[str, str, str]  # what it is, the float export's, the bundle's


def accuracy_rows(report: Report) -> Iterator[Row]:
    """Yield the accuracy of float export and bundle against the original; a second line is indented."""
    accuracy = report.accuracy
    worst, channel = accuracy.worst_output, accuracy.worst_channel
    of = f" of {worst.output}" if len(accuracy.outputs) > 1 else ""
    yield f"R²{of} to {report.original}", r2(worst.r2_float), r2(worst.r2)
    if channel.channel:
        yield f"  worst channel, {channel.worst_channel}", "", r2(channel.r2_channel_min)
    for way in report.other_ways:
        yield f"  {way.name}", "", r2(way.accuracy.worst_output.r2)
    yield from _cosines(report)
    yield "Largest difference", "", f"{accuracy.max_abs:.2g}"


def kind_notes(accuracy: Accuracy) -> tuple[str, ...]:
    """Return a line for each output of which more was recognized than that it holds numbers."""
    return tuple(
        f"Output {output.output!r} holds {_KINDS.get(output.kind, output.kind)}, by {output.by}."
        for output in accuracy.outputs
        if output.by
    )


_KINDS = {"embedding": "an embedding"}


def _cosines(report: Report) -> Iterator[Row]:
    accuracy = report.accuracy
    if accuracy.cosine_mean is None or accuracy.cosine_min is None or accuracy.cosine_float_min is None:
        return
    yield "Cosine", "", cosine(accuracy.cosine_mean)
    yield "  worst sample", cosine(accuracy.cosine_float_min), cosine(accuracy.cosine_min)
    for way in report.other_ways:
        if way.accuracy.cosine_min is not None:
            yield f"  {way.name}, worst sample", "", cosine(way.accuracy.cosine_min)
