"""The picture of a sample and both models' answers: one kind of data a file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from matplotlib.figure import Figure

from edgeattn.report.pictures.answered_sample import AnsweredSample
from edgeattn.report.pictures.attention import draw_attention
from edgeattn.report.pictures.forecast import draw_forecast
from edgeattn.report.pictures.neighbors import draw_neighbors, has_neighbors
from edgeattn.report.pictures.patches import draw_patches, has_patches
from edgeattn.report.pictures.photo import draw_photo
from edgeattn.report.pictures.sound import draw_sound
from edgeattn.report.svg import svg


def picture_of(sample: AnsweredSample) -> bytes | None:
    """Return an SVG of a sample and what both made of it; None for what is neither seen nor heard."""
    draw = _drawing(sample)
    return None if draw is None else svg(draw)


def _drawing(sample: AnsweredSample) -> Callable[[], Figure] | None:
    processing, attention = sample.processing, sample.attention
    if (
        attention is not None
        and processing.image is not None
        and has_patches(sample, processing.image, attention)
    ):
        return partial(draw_patches, sample, processing.image, attention)
    if attention is not None and processing.text is not None:
        return partial(draw_attention, sample, attention)
    if processing.image is not None:
        return partial(draw_photo, sample, processing.image)
    if processing.audio is not None:
        return partial(draw_sound, sample, processing.audio)
    if processing.series is not None and processing.series.output is not None:
        return partial(draw_forecast, sample, processing.series)
    return partial(draw_neighbors, sample) if has_neighbors(sample) else None
