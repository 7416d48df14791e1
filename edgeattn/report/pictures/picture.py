"""Which picture a sample gets: by what the bundle's processing says of its inputs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from matplotlib.figure import Figure

from edgeattn.report.pictures.answered_sample import Shown
from edgeattn.report.pictures.forecast import draw_forecast
from edgeattn.report.pictures.neighbors import draw_neighbors, has_neighbors
from edgeattn.report.pictures.photo import draw_photo
from edgeattn.report.pictures.sound import draw_sound
from edgeattn.report.svg import svg


def picture_of(shown: Shown) -> bytes | None:
    """Return an SVG of a sample and what both made of it; None for what is neither seen nor heard."""
    draw = _drawing(shown)
    return None if draw is None else svg(draw)


def _drawing(shown: Shown) -> Callable[[], Figure] | None:
    processing = shown.own.processing
    if processing.image is not None:
        return partial(draw_photo, shown, processing.image)
    if processing.audio is not None:
        return partial(draw_sound, shown, processing.audio)
    if processing.series is not None and processing.series.output is not None:
        return partial(draw_forecast, shown, processing.series)
    return partial(draw_neighbors, shown) if has_neighbors(shown) else None
