from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from edgeattn_export.capture import Captured
from edgeattn_export.graph.dataflow import operators
from edgeattn_export.graph.samples import Samples
from edgeattn_export.incremental import Cached, WholeGraph
from edgeattn_export.recover import Recovered
from edgeattn_export.targets import TARGETS, lower_for
from edgeattn_export.targets.qnn import QNN
from edgeattn_runtime.errors import ModelError, QuantizeError


def test_a_graph_is_lowered_without_the_stand_ins_needs(
    encoder: Captured, recovered: Recovered, samples: Samples
) -> None:
    lowered = lower_for(QNN, Cached(WholeGraph.of(recovered.model, encoder)), samples)
    main = lowered.graphs.main.model
    found = operators(main)
    assert not {"Attention", "Expand", "IsInf"} & set(found)  # masks written out are for its CPU kernel
    assert main.opset_imports[""] == QNN.opset
    assert lowered.applied == {"decomposed attention": 1}


def test_what_the_engine_does_not_read_is_named_with_its_module(
    encoder: Captured, recovered: Recovered, samples: Samples
) -> None:
    with pytest.raises(QuantizeError, match="Attention"):
        lower_for(replace(QNN, lowerings=()), Cached(WholeGraph.of(recovered.model, encoder)), samples)


@pytest.mark.parametrize(
    "name", [name for name, target in TARGETS.items() if target.bucket_limits is not None]
)
def test_a_decoders_cache_fits_no_fixed_size(name: str, samples: Samples) -> None:
    steps = cast("Any", SimpleNamespace(generation="decoder"))
    with pytest.raises(ModelError, match=rf"{name}.*cache.*dynamic"):
        lower_for(TARGETS[name], Cached(steps), samples)
