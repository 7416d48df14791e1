"""An option stores what its graph does, channels that are copied or split off among it."""

from __future__ import annotations

import pytest

from edgeattn_export.graph.files import weight_bytes
from edgeattn_export.quantize import Treatment
from edgeattn_export.quantize.float_graphs import FloatGraph
from edgeattn_export.search import Rig, Store
from edgeattn_export.search.error_meter import ErrorMeter
from edgeattn_export.search.options import UNTREATED, priced, tried
from edgeattn_export.search.rig import silent
from edgeattn_export.search.units import groups
from edgeattn_export.targets.cpu import CANDIDATES

PLAIN = Treatment("int8")
COPIED = Treatment("int8", (("channel splitting", 0.5),))
SPLIT_OFF = Treatment("int8", (("outlier channels", 0.4),))


@pytest.mark.parametrize("treatment", [COPIED, SPLIT_OFF], ids=["copied", "split off"])
def test_channels_beside_a_layers_own_count(part: FloatGraph, treatment: Treatment) -> None:
    meter = ErrorMeter(part, Rig(CANDIDATES, "this device", Store(None)))
    unit = groups(part.calibration.layers)[0]
    options = [
        tried(meter, unit, each) for each in priced(meter, {unit: [PLAIN, treatment]}, silent)[unit.name]
    ]
    plain, beside = (option.megabytes for option in options)
    assert plain < beside
    models = [meter.model(recipe) for recipe in (unit.isolated(treatment), UNTREATED)]
    grown = (weight_bytes(models[0]) - weight_bytes(models[1])) / 1e6
    whole = (
        sum(4 * (layer.width + 1) * layer.channels for layer in unit.layers) / 1e6
    )  # float weights, biases
    assert beside == pytest.approx(whole + grown, abs=whole / 100)
